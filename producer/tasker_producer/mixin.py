"""Publishing from the classes that do the work: Tasker's `EventPublisher` concern, as a mixin."""

from typing import Any

from tasker_producer.default_publisher import default_publisher
from tasker_producer.helpers.tasker_names import TaskerHelpers
from tasker_producer.publisher import EventPublisher


class EventPublisherMixin(TaskerHelpers):
    """Gives a handler class `publish_event`, `publish_step_event`, … and all helpers by name.

    They go to `event_publisher`: set it on the class or on the instance, else the process's default is used.
    """

    event_publisher: EventPublisher | None = None

    def publish_event(self, name: str, payload: Any = None, **fields: Any) -> None:
        """Publish any event; see `EventPublisher.publish_event`."""
        self._publisher().publish_event(name, payload, **fields)

    def publish_task_event(self, name: str, task: Any = None, **fields: Any) -> None:
        """Publish an event about a task; see `EventPublisher.publish_task_event`."""
        self._publisher().publish_task_event(name, task, **fields)

    def publish_step_event(self, name: str, step: Any = None, **fields: Any) -> None:
        """Publish an event about a step; see `EventPublisher.publish_step_event`."""
        self._publisher().publish_step_event(name, step, **fields)

    def publish_orchestration_event(self, name: str, task: Any = None, **fields: Any) -> None:
        """Publish a workflow or observability event; see `EventPublisher.publish_orchestration_event`."""
        self._publisher().publish_orchestration_event(name, task, **fields)

    def _publisher(self) -> EventPublisher:
        return self.event_publisher if self.event_publisher is not None else default_publisher()
