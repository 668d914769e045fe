"""The publish calls of a publisher: each reads its arguments and submits the event.

In strict mode every call raises UsageError for a caller's mistake, and nothing else. In production no call raises: a
mistake is counted and logged, and the rest of the event is published.
"""

from collections.abc import Mapping
from typing import Any

from tasker_producer.helpers.entities import EntityReader
from tasker_producer.helpers.tasker_names import TaskerHelpers
from tasker_producer.record.arguments import Call, Options, combined_attributes, event_name, mapping, read_payload
from tasker_producer.record.custom_events import AttributeType, CustomEvent, CustomEvents
from tasker_producer.record.event_classes import attributes_of_class
from tasker_producer.record.misuse import unreadable
from tasker_producer.record.schema_ids import RegistryFrames
from tasker_producer.settings import ProducerSettings
from tasker_producer.submission import EventSubmission
from tasker_schemas.errors import UsageError

_ARGUMENTS = ("timestamp", "event_id", "trace", "additional_context", "error", "event_type")


class PublishCalls(EventSubmission, TaskerHelpers):
    """All calls that publish an event."""

    def __init__(
        self, settings: ProducerSettings, frames: RegistryFrames | None, *, strict: bool, presume: bool = True
    ) -> None:
        super().__init__(settings, frames, strict=strict, presume=presume)
        self._entities = EntityReader(self.misuse)
        self._custom = CustomEvents()

    def publish_event(  # noqa: PLR0913  all but the name have defaults
        self,
        name: str,
        payload: Any = None,
        *,
        key: Any = None,
        timestamp: Any = None,
        event_id: Any = None,
        trace: Any = None,
        additional_context: Mapping[str, Any] | None = None,
        error: Any = None,
        **fields: Any,
    ) -> None:
        """Publish any event: an event of the catalogue, whose fields the payload holds, or a custom event.

        `payload` is a mapping, a dataclass's instance or a model of pydantic; that of a custom event becomes its
        attributes. `key` orders events that belong to no task. Times have a time zone, or are microseconds since the
        epoch. `trace` is a SpanContext, traceparent, carrier or TraceHeaders; `error` fills the event's error fields.

        Raises UsageError, in strict mode, for an unknown reserved name, an unknown field, or a value that does not fit.
        """
        misuse = self.misuse
        try:
            name = event_name(name, misuse)
            parts = self._parts(name, payload) if payload is not None else Call({}, Options())
            self._check_registered(name, parts.fields.get("attributes"))
            context = additional_context
            if parts.context is not None:
                context = combined_attributes(parts.context, additional_context, misuse)
            options = Options(
                fields.pop("event_type", None),
                parts.options.timestamp if timestamp is None else timestamp,
                parts.options.event_id if event_id is None else event_id,
                trace,
                key,
            )
        except Exception as mistake:  # noqa: BLE001  the payload's own code runs here
            misuse.drop(name, mistake)
            return
        self.submit(name, Call(fields, options, context), misuse, error, parts.fields)

    def publish_task_event(  # noqa: PLR0913  all but the name have defaults
        self,
        name: str,
        task: Any = None,
        *,
        event_type: Any = None,
        timestamp: Any = None,
        event_id: Any = None,
        trace: Any = None,
        additional_context: Mapping[str, Any] | None = None,
        error: Any = None,
        **fields: Any,
    ) -> None:
        """Publish an event about a task, given as a mapping, an object with attributes, or by keyword fields.

        Raises UsageError in strict mode for a caller's mistake.
        """
        try:
            subject = {} if task is None else self._entities.task_fields(name, task)
        except Exception as mistake:  # noqa: BLE001  the caller's objects run their own code here
            self.misuse.drop(name, mistake)
            return
        options = Options(event_type, timestamp, event_id, trace)
        self.submit(name, Call(fields, options, additional_context), self.misuse, error, subject)

    def publish_step_event(  # noqa: PLR0913  all but the name have defaults
        self,
        name: str,
        step: Any = None,
        *,
        task: Any = None,
        event_type: Any = None,
        timestamp: Any = None,
        event_id: Any = None,
        trace: Any = None,
        additional_context: Mapping[str, Any] | None = None,
        error: Any = None,
        **fields: Any,
    ) -> None:
        """Publish an event about an attempt of a step; `task` is needed where the step does not name its own.

        A request to execute the step with `event_type="started"` begins the attempt too. Raises UsageError in strict
        mode for a caller's mistake.
        """
        try:
            subject = {} if step is None and task is None else self._entities.step_fields(name, step, task)
        except Exception as mistake:  # noqa: BLE001  the caller's objects run their own code here
            self.misuse.drop(name, mistake)
            return
        options = Options(event_type, timestamp, event_id, trace)
        self.submit(name, Call(fields, options, additional_context), self.misuse, error, subject)

    def publish_orchestration_event(self, name: str, task: Any = None, *, step: Any = None, **fields: Any) -> None:
        """Publish a workflow or observability event about a task, or about a step of it.

        Raises UsageError in strict mode for a caller's mistake.
        """
        try:
            payload = self._entities.fields_elsewhere(name, task, step)
            arguments = {key: fields.pop(key) for key in _ARGUMENTS if key in fields}
            arguments["additional_context"] = self.waiting_context(name, fields, arguments.get("additional_context"))
        except Exception as mistake:  # noqa: BLE001  the caller's objects run their own code here
            self.misuse.drop(name, mistake)
            return
        self.publish_event(name, {**payload, **fields}, **arguments)

    def register_event(
        self, name: str, description: str = "", attributes: Mapping[str, AttributeType] | type | None = None
    ) -> None:
        """Describe a custom event; from now on a payload that does not fit is a caller's mistake.

        `attributes` holds a type for each name, such as `int | float`; a type that allows None may be left out. It may
        also be a dataclass or a model of pydantic, whose instances are payloads then. Raises UsageError in strict mode
        for a name of the catalogue.
        """
        try:
            types = attributes_of_class(attributes) if isinstance(attributes, type) else dict(attributes or {})
            self._custom.register(CustomEvent(event_name(name, self.misuse), description, types))
        except UsageError as mistake:
            self.misuse.report(mistake)
        except Exception as mistake:  # noqa: BLE001  the caller's objects run their own code here
            self.misuse.report(unreadable("register_event", mistake))

    def registered_events(self) -> tuple[CustomEvent, ...]:
        """Return the custom events that are described, by name."""
        return self._custom.all()

    def _parts(self, name: str, payload: Any) -> Call:
        """Take a payload apart; if it cannot be read it is reported, and counts as empty."""
        try:
            return read_payload(name, mapping("payload", payload))
        except UsageError as mistake:
            self.misuse.report(mistake)
        except Exception as mistake:  # noqa: BLE001  the payload's own code runs here
            self.misuse.report(unreadable("payload", mistake))
        return Call({}, Options())

    def _check_registered(self, name: str, attributes: Any) -> None:
        try:
            self._custom.check(name, attributes)
        except UsageError as mistake:
            self.misuse.report(mistake)
        except Exception as mistake:  # noqa: BLE001  a value's or a declared type's own code runs here
            self.misuse.report(unreadable("payload", mistake))
