"""From what a caller gives to what goes on the wire: topic, key, value and headers of one event.

This is the hot path: what does not change from event to event is made once per event name.
"""

import os
import socket
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from tasker_producer.masking.masker import Masker
from tasker_producer.record.arguments import Moment, Options, check_name, unreadable
from tasker_producer.record.avro_writer import RecordWriter
from tasker_producer.record.event_ids import new_event_id
from tasker_producer.record.field_writers import FieldWriter, field_writers
from tasker_producer.record.fields import Cuts, FieldConverters, identifier, micros, now
from tasker_producer.record.schema_ids import RegistryFrames
from tasker_producer.record.truncation import encode_within
from tasker_producer.settings import ProducerSettings
from tasker_producer.trace.context import ambient_trace, derived_step_trace, step_trace, task_trace, wire_trace
from tasker_producer.trace.current import Ambient, ambient
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.catalogue import STATE_AFTER
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import CE_ID, CE_SUBJECT, Header, TraceHeaders, cloud_event_headers
from tasker_schemas.names import Family, event_type_of, family_of
from tasker_schemas.topics import event_topic


class Outgoing(NamedTuple):
    """One event, ready for Kafka."""

    topic: str
    key: bytes
    value: bytes
    headers: list[Header]


class _Template(NamedTuple):
    """What all events of one name have in common in this process."""

    family: Family
    topic: str
    writer: RecordWriter
    fields: dict[str, FieldWriter]
    headers: list[Header]


class _Subject(NamedTuple):
    """Whose event it is."""

    task_id: str | None
    step_id: str | None
    attempt: int | None


class EventAssembler:
    """Builds events for one service; raises UsageError for a caller's mistake and nothing else."""

    def __init__(self, settings: ProducerSettings, frames: RegistryFrames | None = None) -> None:
        self._settings = settings
        self._frames = frames
        self._converters = FieldConverters(Masker(settings.filter_parameters, settings.filter_mask))
        self._templates: dict[str, _Template] = {}

    def assemble(self, name: str, given: Mapping[str, Any], options: Options) -> Outgoing:
        """Return the event `name` with the given fields (None means "not given")."""
        try:
            template = self._templates.get(name) or self._template(name)
        except TypeError as error:  # it cannot even be hashed
            raise UsageError(f"event_name: {error}") from error
        around = ambient.get()
        try:
            if around is not None:
                given = _filled(template.family, given, around)
            own = _own_fields(options)
            subject = _subject(template.family, given)
            value = self._encode(template, given, own)
            key = subject.task_id or (name if options.key is None else _identified("key", options.key))
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from error.__cause__
        except Exception as error:  # a given object's own code may run anywhere here, and may do anything
            raise unreadable(name, error) from error
        place = options.trace or _place(template.family, subject, around)
        return Outgoing(template.topic, key.encode(), value, _headers(template, own["event_id"], subject, place))

    def _encode(self, template: _Template, given: Mapping[str, Any], own: dict[str, Any]) -> bytes:
        """Return the record's bytes: usual values at once, others through the converters."""
        fields, writer = template.fields, template.writer
        parts = writer.absent.copy()
        frame = None if self._frames is None else self._frames.of(template.family)
        if frame is not None:
            parts[0] = frame
        cuts: Cuts = []
        try:
            for name, value in given.items():
                if value is not None:
                    field = fields.get(name)
                    if field is None:
                        self._converters.value(template.family, name, value, cuts)
                    else:
                        parts[field.place] = field.quick(value) or field.write(
                            self._converters.value(template.family, name, value, cuts)
                        )
            if cuts:
                own["truncated"] = cuts
            for name, value in own.items():
                index, write = writer.fields[name]
                parts[index] = write(value)
            encoded = b"".join(parts)
        except UnicodeEncodeError:
            encoded = b""
        if encoded and len(encoded) <= self._settings.max_record_bytes:
            return encoded
        record = {**self._converters.convert(template.family, given), **own}
        return encode_within(partial(writer.encode, frame=frame), record, self._settings.max_record_bytes)

    def after_fork(self) -> None:
        """Forget what named the parent process."""
        self._templates.clear()

    def _template(self, name: str) -> _Template:
        name = _identified("event_name", check_name(name))
        family = family_of(name)
        service = self._settings.service_name
        fields: dict[str, Any] = {
            "event_name": name,
            "event_type": event_type_of(name),
            "service": service,
            "producer": f"{socket.gethostname()}:{os.getpid()}",
        }
        if family is Family.TASK:
            fields["to_state"] = str(STATE_AFTER[name])
        headers = [h for h in cloud_event_headers({"event_id": "", "event_name": name}, service) if h[0] != CE_ID]
        writer = RecordWriter(RECORD_OF_FAMILY[family], fields)
        topic = event_topic(family, self._settings.topic_prefix)
        template = _Template(family, topic, writer, field_writers(family, writer, self._converters), headers)
        if family is not Family.CUSTOM or len(self._templates) < _MAX_TEMPLATES:
            self._templates[name] = template
        return template


_MAX_TEMPLATES = 1000  # custom names made of data would fill the memory


def _own_fields(options: Options) -> dict[str, Any]:
    """Return the fields that say which occurrence this is, and when it was.

    Raises UsageError for a moment or an id that is none.
    """
    own: dict[str, Any] = {
        "event_id": new_event_id() if options.event_id is None else _identified("event_id", options.event_id),
        "timestamp": now() if options.timestamp is None else _moment(options.timestamp),
    }
    if options.event_type is not None:
        own["event_type"] = str(options.event_type)
    return own


def _filled(family: Family, given: Mapping[str, Any], around: Ambient) -> Mapping[str, Any]:
    """Complete an event from the `with` block around it, if it is about the same task."""
    if str(given.get("task_id", around.task_id)) != around.task_id:
        return given
    known = {"task_id": around.task_id, "task_name": around.task_name, "correlation_id": around.correlation_id}
    if family is Family.STEP and around.step_id is not None and given.get("step_id") in (None, around.step_id):
        known |= {"step_id": around.step_id, "step_name": around.step_name}
        return {**known, "attempt_number": around.attempt_number, **given}
    return {**known, **given}


def _subject(family: Family, given: Mapping[str, Any]) -> _Subject:
    """Return whose event it is.

    Raises UsageError for an id that is missing, or that is none.
    """
    task_id, step_id, attempt = given.get("task_id"), given.get("step_id"), given.get("attempt_number")
    if task_id is not None:
        task_id = _identified("task_id", task_id)
    elif family is not Family.CUSTOM:
        raise UsageError("task_id is missing: whose event is it?")
    if step_id is not None:
        step_id = _identified("step_id", step_id)
    elif family is Family.STEP:
        raise UsageError("step_id is missing: which step is it about?")
    if family is Family.STEP and attempt is None:
        attempt = 1
    if isinstance(attempt, int) and attempt < 1:
        raise UsageError(f"attempt_number counts from 1, got {attempt}")
    return _Subject(task_id, step_id, attempt)


def _identified(field: str, value: Any) -> str:
    try:
        return identifier(value)
    except ValueError as error:
        raise UsageError(f"{field}: {error}") from error


def _moment(value: Moment) -> int:
    try:
        return micros(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise UsageError(f"timestamp: {error}") from error


def _place(family: Family, subject: _Subject, around: Ambient | None) -> TraceHeaders:
    """Return the span that an event belongs to."""
    task_id, step_id, attempt = subject
    if task_id is None:
        return ambient_trace()
    inside = around if around is not None and around.task_id == task_id else None
    if family is Family.CUSTOM and inside is not None:
        step_id, attempt = inside.step_id, inside.attempt_number
    if step_id is None or attempt is None or family is Family.WORKFLOW:
        return task_trace(task_id) if inside is None else inside.task_trace
    if inside is None:
        return derived_step_trace(task_id, step_id, attempt)
    return step_trace(inside.task_trace, task_id, step_id, attempt)


def _headers(template: _Template, event_id: str, subject: _Subject, place: TraceHeaders) -> list[Header]:
    headers = template.headers.copy()
    headers.append((CE_ID, event_id.encode()))
    if subject.task_id is not None:
        about = subject.task_id if subject.step_id is None else f"{subject.task_id}/{subject.step_id}"
        headers.append((CE_SUBJECT, about.encode()))
    headers += wire_trace(place)
    return headers
