"""The one thing a service holds: an `EventPublisher`.

A publish call builds, checks, masks and encodes the record on the caller's thread and hands it to a queue. It raises
UsageError for a caller's mistake, and nothing for trouble with Kafka.
"""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, NoReturn, Self

from opentelemetry.metrics import Meter

from tasker_producer.delivery import process
from tasker_producer.delivery.kafka import Delivery, KafkaDelivery
from tasker_producer.helpers.entities import step_fields, task_fields
from tasker_producer.helpers.task_and_step import StepHelpers
from tasker_producer.helpers.workflow_and_observability import ObservabilityHelpers, WorkflowHelpers
from tasker_producer.metrics import observe
from tasker_producer.record.arguments import (
    Moment,
    Options,
    Payload,
    check_name,
    joined,
    merge,
    read_payload,
    unreadable,
)
from tasker_producer.record.builder import EventAssembler
from tasker_producer.record.custom_events import AttributeType, CustomEvent, CustomEvents
from tasker_producer.record.event_ids import new_event_id
from tasker_producer.record.schema_ids import RegistryFrames
from tasker_producer.settings import ProducerSettings
from tasker_producer.tasks.decorators import TracedFunctions
from tasker_producer.tasks.scopes import TaskScope
from tasker_producer.trace.carrier import TaskContext, read_carrier
from tasker_producer.trace.context import new_task_trace, task_trace
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import TraceHeaders


class EventPublisher(TracedFunctions, StepHelpers, WorkflowHelpers, ObservabilityHelpers):
    """Publishes the events of one service; safe to share between threads, coroutines and forked workers.

    `on_drop` is called with name and reason of each event that is given up. Raises ConfigurationError, when it is made,
    for settings that Kafka's client refuses.
    """

    def __init__(
        self,
        settings: ProducerSettings | None = None,
        delivery: Delivery | None = None,
        *,
        on_drop: Callable[[str, str], None] | None = None,
    ) -> None:
        self.settings = settings if settings is not None else ProducerSettings.from_env()
        registry = self.settings.registry if delivery is None else None
        self._frames = None if registry is None else RegistryFrames(registry, self.settings.topic_prefix)
        self._assembler = EventAssembler(self.settings, self._frames)
        self._custom = CustomEvents()
        if delivery is not None:
            self._delivery = delivery
            return
        self._delivery = KafkaDelivery(self.settings.kafka, self.settings.spool(), on_drop)
        process.watch(self)
        if self.settings.flush_on_sigterm:
            process.watch_sigterm()

    def publish_event(  # noqa: PLR0913  all but the name have defaults
        self,
        name: str,
        payload: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        timestamp: Moment | None = None,
        event_id: str | None = None,
        trace: TraceHeaders | None = None,
        additional_context: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Publish any event: one of the catalogue, whose fields the payload holds, or one of your own.

        The payload of your own event (`order.payment_processed`) becomes its attributes; `key` orders events that
        belong to no task. Timestamps are datetimes with a time zone, or microseconds since the epoch.

        Raises UsageError for an unknown reserved name, an unknown field, or a value that does not fit.
        """
        options = Options(None, timestamp, event_id, trace, key)
        call = Payload(fields, options, additional_context)
        try:
            name = check_name(name)
            if payload is not None:
                call = merge(read_payload(name, payload), call)
            self._custom.check(name, call.attributes)
        except UsageError:
            raise
        except Exception as error:  # the payload's own code
            raise unreadable("payload", error) from error
        self._publish(name, call.fields, call.context, call.options)

    def register_event(
        self, name: str, description: str = "", attributes: Mapping[str, AttributeType] | None = None
    ) -> None:
        """Describe an event of your own; from now on a payload that does not fit raises UsageError.

        `attributes` holds a type for each name, such as `int | float`; one that allows None may be left out. Raises
        UsageError for a name of the catalogue.
        """
        self._custom.register(CustomEvent(name, description, dict(attributes or {})))

    def registered_events(self) -> tuple[CustomEvent, ...]:
        """Return the events of your own that are described, by name."""
        return self._custom.all()

    def publish_task_event(  # noqa: PLR0913  all but the name have defaults
        self,
        name: str,
        task: Any = None,
        *,
        event_type: str | None = None,
        timestamp: Moment | None = None,
        event_id: str | None = None,
        trace: TraceHeaders | None = None,
        additional_context: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Publish an event about a task, given as a mapping, an object with attributes, or by keyword fields.

        Raises UsageError for a caller's mistake.
        """
        given = {**task_fields(name, task), **fields} if task is not None else fields
        self._publish(name, given, additional_context, Options(event_type, timestamp, event_id, trace))

    def publish_step_event(  # noqa: PLR0913  all but the name have defaults
        self,
        name: str,
        step: Any = None,
        *,
        task: Any = None,
        event_type: str | None = None,
        timestamp: Moment | None = None,
        event_id: str | None = None,
        trace: TraceHeaders | None = None,
        additional_context: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Publish an event about one attempt of a step; `task` is needed where the step does not name its own.

        Raises UsageError for a caller's mistake.
        """
        given = fields if step is None and task is None else {**step_fields(name, step, task), **fields}
        self._publish(name, given, additional_context, Options(event_type, timestamp, event_id, trace))

    def task(  # noqa: PLR0913  all but the name have defaults
        self,
        name: str,
        *,
        task_id: str | int | None = None,
        context: Any = None,
        total_steps: int | None = None,
        correlation_id: str | None = None,
        complete: bool = True,
        additional_context: Mapping[str, Any] | None = None,
    ) -> TaskScope:
        """Return a `with` block that is a task: its start, its steps, and its end or failure are published.

        With `complete=False` the block leaves the task open for another process (`task.carrier()`); an exception
        still fails it.
        """
        identity = str(task_id) if task_id is not None else new_event_id()
        scope = TaskContext(
            task_id=identity,
            task_name=name,
            trace=new_task_trace(identity),
            correlation_id=correlation_id,
            total_steps=total_steps,
        )
        return TaskScope(self, scope, context, opens=True, closes=complete, attributes=additional_context)

    def resume_task(self, carrier: Mapping[str, str], *, final: bool = False) -> TaskScope:
        """Return a `with` block that goes on with a task which another process began; only `final` completes it.

        Raises UsageError if the carrier names no task.
        """
        scope = read_carrier(carrier)
        if scope.trace.span is None:
            scope = scope.at(task_trace(scope.task_id)._replace(baggage=scope.trace.baggage))
        return TaskScope(self, scope, None, opens=False, closes=final)

    def flush(self, timeout: float | None = None) -> int:
        """Wait for the queue to empty, at most `timeout` seconds; return how many events are left."""
        return self._delivery.flush(self.settings.flush_timeout_s if timeout is None else timeout)

    def close(self, timeout: float | None = None) -> int:
        """Flush and stop; return how many events were left. What is published afterwards is counted as dropped."""
        process.unwatch(self)
        if self._frames is not None:
            self._frames.stop()
        return self._delivery.close(self.settings.flush_timeout_s if timeout is None else timeout)

    def stats(self) -> dict[str, int]:
        """Return counts since this process began to publish: published, delivered, queued, dropped (by reason).

        With a registry also `framed_single_object`: events that went out without its id, because it was not known.
        """
        return self._delivery.stats() | (self._frames.stats() if self._frames is not None else {})

    def observe(self, meter: Meter) -> None:
        """Show `stats()` as OpenTelemetry metrics of this meter, under `tasker.producer.`."""
        observe(self.stats, meter)

    def after_fork(self) -> None:
        """Make this publisher usable in a forked child."""
        self._assembler.after_fork()
        if self._frames is not None:
            self._frames.start()
        self._delivery.after_fork()

    def at_exit(self) -> None:
        """Give what is queued a bounded time to leave before the process ends."""
        self.close()

    def __reduce__(self) -> NoReturn:
        raise UsageError(
            "a publisher stays in its process: make one in the other, such as tasker_producer.default_publisher()"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _backtrace_frames(self) -> int:
        return self.settings.backtrace_frames

    def _publish(self, name: str, given: dict[str, Any], context: Mapping[str, Any] | None, options: Options) -> None:
        if context is not None:
            given = {**given, "attributes": joined(given.get("attributes"), context)}
        self._delivery.send(*self._assembler.assemble(name, given, options))
