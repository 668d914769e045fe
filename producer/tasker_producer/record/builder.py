"""Build an event from a caller's fields: topic, key, value and headers of a record.

This is the hot path: the parts that all events of a name share are made once per name.
"""

import os
import socket
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from tasker_producer.masking.masker import Masker
from tasker_producer.record.arguments import Options, event_name
from tasker_producer.record.avro_writer import FieldWriter, RecordWriter, Write, field_writers
from tasker_producer.record.fields import Conversion, FieldConverters
from tasker_producer.record.misuse import Misuse
from tasker_producer.record.occurrence import Occurrence, event_place, inherited_fields, occurrence_of, subject_of
from tasker_producer.record.schema_ids import RegistryFrames
from tasker_producer.record.truncation import encode_within
from tasker_producer.settings import ProducerSettings
from tasker_producer.trace.context import wire_trace
from tasker_producer.trace.current import current_block
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.catalogue import STATE_AFTER
from tasker_schemas.headers import CE_ID, CE_SUBJECT, Header, cloud_event_headers, time_headers
from tasker_schemas.names import Family, event_type_of, family_of
from tasker_schemas.topics import event_topic

_MAX_TEMPLATES = 1000  # custom names made of data would fill the memory


class EncodedEvent(NamedTuple):
    """An event, ready for Kafka."""

    topic: str
    key: bytes
    value: bytes
    headers: list[Header]


class _Template(NamedTuple):
    """The parts that all events of a name share in this process."""

    name: str
    family: Family
    topic: str
    writer: RecordWriter
    fields: dict[str, FieldWriter]
    occurrence: tuple[tuple[int, Write], ...]
    headers: list[Header]


class EventBuilder:
    """Builds the events of a service."""

    def __init__(self, settings: ProducerSettings, frames: RegistryFrames | None = None) -> None:
        self._settings = settings
        self._frames = frames
        self._converters = FieldConverters(Masker(settings.filter_parameters, settings.filter_mask))
        self._templates: dict[str, _Template] = {}

    def build(self, name: str, fields: Mapping[str, Any], options: Options, misuse: Misuse) -> EncodedEvent:
        """Return the event `name` with these fields; a field that is None counts as absent.

        `misuse` decides about a field that does not fit. Raises UsageError for an event that cannot be published: with
        an unknown reserved name, or without a usable id of its task or step.
        """
        template = self._templates.get(name) or self._template(name, misuse)
        block = current_block()
        if block is not None:
            fields = inherited_fields(template.family, fields, block)
        subject = subject_of(template.family, fields, misuse)
        task_id, step_id, attempt = subject
        if (
            task_id is not fields.get("task_id")
            or step_id is not fields.get("step_id")
            or attempt is not fields.get("attempt_number")
        ):
            fields = {**fields, "task_id": task_id, "step_id": step_id, "attempt_number": attempt}
        occurrence = occurrence_of(options, misuse)
        value = self._encode(template, fields, occurrence, misuse)
        trace = event_place(template.name, template.family, subject, block, options, misuse)
        headers = template.headers.copy()
        headers.append((CE_ID, occurrence.event_id.encode()))
        headers += time_headers(occurrence.timestamp)
        if task_id is None:
            headers += wire_trace(trace)
            return EncodedEvent(template.topic, _key(template.name, options, misuse).encode(), value, headers)
        headers.append((CE_SUBJECT, (task_id if step_id is None else f"{task_id}/{step_id}").encode()))
        headers += wire_trace(trace)
        return EncodedEvent(template.topic, task_id.encode(), value, headers)

    def after_fork(self) -> None:
        """Forget the templates, which name the parent process."""
        self._templates.clear()

    def _encode(self, template: _Template, fields: Mapping[str, Any], occurrence: Occurrence, misuse: Misuse) -> bytes:
        """Return the record's bytes: usual values at once, others through the converters."""
        writer, writers = template.writer, template.fields
        parts = writer.absent.copy()
        frame = None if self._frames is None else self._frames.frame_of(template.family)
        parts[0] = frame or parts[0]
        conversion = Conversion(misuse)
        try:
            for name, value in fields.items():
                if value is not None:
                    field = writers.get(name)
                    encoded = None if field is None else field.quick(value)
                    if encoded is None:
                        plain = self._converters.value(template.family, name, value, conversion)
                        encoded = None if plain is None or field is None else field.write(plain)
                    if field is not None and encoded is not None:
                        parts[field.position] = encoded
            for (position, write), value in zip(template.occurrence, occurrence, strict=True):
                if value is not None:
                    parts[position] = write(value)
            if conversion.cuts:
                position, write = writer.fields["truncated"]
                parts[position] = write(conversion.cuts)
            record = b"".join(parts)
        except UnicodeEncodeError:
            record = b""
        if record and len(record) <= self._settings.max_record_bytes:
            return record
        again = self._converters.convert(template.family, fields, Conversion(misuse.silent))
        again |= {name: value for name, value in occurrence._asdict().items() if value is not None}
        return encode_within(partial(writer.encode, frame=frame), again, self._settings.max_record_bytes)

    def _template(self, given_name: Any, misuse: Misuse) -> _Template:
        name = event_name(given_name, misuse)
        template = self._templates.get(name)
        if template is not None:
            return template
        family = family_of(name)
        service = self._settings.service_name
        constants: dict[str, Any] = {
            "event_name": name,
            "event_type": event_type_of(name),
            "service": service,
            "service_version": self._settings.service_version or None,
            "producer": f"{socket.gethostname()}:{os.getpid()}",
        }
        if family is Family.TASK:
            constants["to_state"] = str(STATE_AFTER[name])
        headers = [h for h in cloud_event_headers({"event_id": "", "event_name": name}, service) if h[0] != CE_ID]
        writer = RecordWriter(RECORD_OF_FAMILY[family], constants)
        topic = event_topic(family, self._settings.topic_prefix)
        writers = field_writers(family, writer, self._converters)
        occurrence = tuple(writer.fields[field] for field in Occurrence._fields)
        template = _Template(name, family, topic, writer, writers, occurrence, headers)
        if family is not Family.CUSTOM or len(self._templates) < _MAX_TEMPLATES:
            self._templates[name] = template
        return template


def _key(name: str, options: Options, misuse: Misuse) -> str:
    """Return the record key of an event without a task: the caller's, else the event's name."""
    key = None if options.key is None else misuse.identifier("key", options.key)
    return name if key is None else key
