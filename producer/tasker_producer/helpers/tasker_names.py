"""Tasker's general publish methods and older names of its helpers, beside the names that follow the catalogue."""

from typing import Any, Unpack

from tasker_producer.helpers.task_and_step import StepHelpers
from tasker_producer.helpers.typed_fields import ObservabilityFields, StepFields, TaskFields, WaitingFields
from tasker_producer.helpers.workflow_and_observability import ObservabilityHelpers, WorkflowHelpers


class TaskerHelpers(StepHelpers, WorkflowHelpers, ObservabilityHelpers):
    """All helpers of the catalogue, and Tasker's names for some of them."""

    def publish_event(self, name: str, payload: Any = None, **fields: Any) -> None:
        """Publish any event."""
        raise NotImplementedError

    def publish_workflow_event(self, name: str, task: Any = None, *, step: Any = None, **fields: Any) -> None:
        """Publish any workflow event about a task."""
        self.publish_orchestration_event(name, task, step=step, **fields)

    def publish_observability_event(self, name: str, task: Any = None, *, step: Any = None, **fields: Any) -> None:
        """Publish any observability event about a task or a step of it."""
        self.publish_orchestration_event(name, task, step=step, **fields)

    def publish_custom_event(self, name: str, payload: Any = None, **fields: Any) -> None:
        """Publish a custom event, whose payload becomes its attributes."""
        self.publish_event(name, payload, **fields)

    def publish_step_started(self, step: Any = None, *, task: Any = None, **fields: Unpack[StepFields]) -> None:
        """Say that a step's handler runs: `step.handle`."""
        self.publish_step_handle(step, task=task, **fields)

    def publish_step_backoff(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a step waits before its next attempt: `observability.step.backoff`."""
        self.publish_observability_step_backoff(task, step=step, **fields)

    def publish_task_enqueue(self, task: Any = None, **fields: Unpack[ObservabilityFields]) -> None:
        """Say that a job for a task was enqueued: `observability.task.enqueue`."""
        self.publish_observability_task_enqueue(task, **fields)

    def publish_task_waiting(self, task: Any = None, **fields: Unpack[WaitingFields]) -> None:
        """Say that a task waits until its next event: `observability.task.waiting`."""
        self.publish_observability_task_waiting(task, **fields)

    def publish_step_waiting(self, step: Any = None, *, task: Any = None, **fields: Unpack[WaitingFields]) -> None:
        """Say that a step waits until it goes on or ends: `observability.step.waiting`."""
        self.publish_observability_step_waiting(task, step=step, **fields)

    def publish_task_pending_transition(self, task: Any = None, **fields: Unpack[TaskFields]) -> None:
        """Say that a task goes back to pending: `task.initialize_requested`."""
        self.publish_task_initialize_requested(task, **fields)

    def publish_workflow_state_unclear(self, task: Any = None, **fields: Any) -> None:
        """Say that a task's state makes no sense: `workflow.task_state_unclear`."""
        self.publish_task_state_unclear(task, **fields)
