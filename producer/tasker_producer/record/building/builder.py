"""Build an event from a caller's fields: topic, key, value and headers of a record.

This is the hot path: the parts that all events of a name share are made once per name.
"""

from dataclasses import dataclass
from typing import Any

from tasker_producer.record.arguments import Options, event_name
from tasker_producer.record.building.event_headers import event_headers
from tasker_producer.record.building.event_trace import event_trace
from tasker_producer.record.building.occurrence import inherited_fields, occurrence_of, subject_of
from tasker_producer.record.building.record_encoder import RecordEncoder
from tasker_producer.record.misuse import Misuse
from tasker_producer.record.schema_ids import RegistryFrames
from tasker_producer.settings import ProducerSettings
from tasker_producer.trace.current import current_block
from tasker_schemas.headers import Header


@dataclass
class EncodedEvent:
    """An event, ready for Kafka."""

    topic: str
    key: bytes
    value: bytes
    headers: list[Header]


class EventBuilder:
    """Builds the events of a service."""

    def __init__(self, settings: ProducerSettings, frames: RegistryFrames | None = None) -> None:
        self._encoder = RecordEncoder(settings, frames)
        self._templates = self._encoder.templates
        self._baggage_keys = settings.baggage_keys

    def build(self, name: str, fields: dict[str, Any], options: Options, misuse: Misuse) -> EncodedEvent:
        """Return the event `name` with these fields; a field that is None counts as absent.

        `misuse` decides about a field that does not fit. Raises UsageError for an event that cannot be published: with
        an unknown reserved name, or without a usable id of its task or step.
        """
        template = self._templates.by_name.get(name) or self._templates.of_name(event_name(name, misuse))
        block = None if options.is_complete else current_block()
        if block is not None:
            fields = inherited_fields(template.family, fields, block)
        subject = subject_of(template.family, fields, misuse)
        task_id, step_id, attempt = subject.task_id, subject.step_id, subject.attempt
        if (
            task_id is not fields.get("task_id")
            or step_id is not fields.get("step_id")
            or attempt is not fields.get("attempt_number")
        ):
            fields = {**fields, "task_id": task_id, "step_id": step_id, "attempt_number": attempt}
        occurrence = occurrence_of(options, misuse)
        value = self._encoder.encode(template, fields, occurrence, misuse)
        trace = event_trace(template.name, template.family, subject, block, options, misuse)
        headers = event_headers(template, occurrence, subject, trace, self._baggage_keys)
        key = _key(template.name, options, misuse) if task_id is None else task_id
        return EncodedEvent(template.topic, key.encode(), value, headers)

    def after_fork(self) -> None:
        """Forget the templates, which name the parent process."""
        self._templates.clear()


def _key(name: str, options: Options, misuse: Misuse) -> str:
    """Return the record key of an event without a task: the caller's, else the event's name."""
    key = None if options.key is None else misuse.identifier("key", options.key)
    return name if key is None else key
