"""From what a caller gives to what goes on the wire: topic, key, value and headers of one event.

This is the hot path: what does not change from event to event is made once per event name.
"""

import os
import socket
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from tasker_producer.ambient import Ambient, ambient
from tasker_producer.encoder import RecordWriter
from tasker_producer.event_ids import new_event_id
from tasker_producer.fit import Encode, encode_within
from tasker_producer.masking import Masker
from tasker_producer.payload import FieldConverters, identifier, micros, now
from tasker_producer.settings import ProducerSettings
from tasker_producer.tracing import ambient_trace, derived_step_trace, step_trace, task_trace, wire_trace
from tasker_schemas.errors import UsageError
from tasker_schemas.events import STATE_AFTER, fields_of
from tasker_schemas.headers import CE_ID, CE_SUBJECT, Header, TraceHeaders, cloud_event_headers
from tasker_schemas.names import Family, event_type_of, family_of
from tasker_schemas.schemas import RECORD_OF_FAMILY
from tasker_schemas.topics import event_topic

Moment = datetime | int | str


class Options(NamedTuple):
    """What a caller may say about an event beside its fields."""

    event_type: str | None = None
    timestamp: Moment | None = None
    event_id: str | None = None
    trace: TraceHeaders | None = None
    key: str | None = None


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
    encode: Encode
    headers: list[Header]


class EventAssembler:
    """Builds events for one service; raises UsageError for a caller's mistake and nothing else."""

    def __init__(self, settings: ProducerSettings) -> None:
        self._settings = settings
        self._converters = FieldConverters(Masker(settings.filter_parameters, settings.filter_mask))
        self._templates: dict[str, _Template] = {}

    def assemble(self, name: str, given: Mapping[str, Any], options: Options) -> Outgoing:
        """Return the event `name` with the given fields (None means "not given")."""
        template = self._templates.get(name) or self._template(name)
        record: dict[str, Any] = {}
        try:
            record["timestamp"] = now() if options.timestamp is None else micros(options.timestamp)
            self._converters.convert(template.family, given, record)
        except (ValueError, TypeError, OverflowError) as error:
            raise UsageError(f"{name}: timestamp: {error}") from error
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from error.__cause__
        if options.event_type is not None:
            record["event_type"] = str(options.event_type)
        around = ambient.get()
        if around is not None:
            _fill(template.family, record, around)
        _check_identity(name, template.family, record)
        record["event_id"] = (
            new_event_id() if options.event_id is None else _checked(name, "event_id", options.event_id)
        )
        place = options.trace or _place(template.family, record, around)
        value = encode_within(template.encode, record, self._settings.max_record_bytes)
        key = record.get("task_id") or (name if options.key is None else _checked(name, "key", options.key))
        return Outgoing(template.topic, key.encode(), value, _headers(template, record, place))

    def free_attributes(self, name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return a payload as fields: what the record does not have becomes attributes, where these are free."""
        family = family_of(name)
        if family is Family.CUSTOM:
            own = {field: payload[field] for field in _CUSTOM_IDENTITY if field in payload}
            return {**own, "attributes": {k: v for k, v in payload.items() if k not in own}}
        if name not in _FREE:
            return dict(payload)
        known = fields_of(family)
        fields = {key: value for key, value in payload.items() if key in known}
        rest = {key: value for key, value in payload.items() if key not in known}
        return {**fields, "attributes": {**rest, **fields.get("attributes", {})}} if rest else fields

    def after_fork(self) -> None:
        """Forget what named the parent process."""
        self._templates.clear()

    def _template(self, name: str) -> _Template:
        if not isinstance(name, str):
            raise UsageError(f"event_name is text such as 'step.completed', not {type(name).__name__}")
        name = _checked("event_name", "event_name", str(name))
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
        template = _Template(family, event_topic(family, self._settings.topic_prefix), writer.encode, headers)
        if family is not Family.CUSTOM or len(self._templates) < _MAX_TEMPLATES:
            self._templates[name] = template
        return template


_MAX_TEMPLATES = 1000  # custom names made of data would fill the memory
_CUSTOM_IDENTITY = ("task_id", "task_name", "correlation_id")
_FREE = frozenset(
    f"workflow.{what}"
    for what in ("viable_steps_batch_ready", "orchestration_requested", "step_execution_failed", "task_state_unclear")
)


def _checked(event_name: str, field: str, value: Any) -> str:
    try:
        return identifier(value)
    except ValueError as error:
        raise UsageError(f"{event_name}: {field}: {error}") from error


def _fill(family: Family, record: dict[str, Any], around: Ambient) -> None:
    """Complete an event from the `with` block around it, if it is about the same task."""
    if record.setdefault("task_id", around.task_id) != around.task_id:
        return
    if around.task_name is not None:
        record.setdefault("task_name", around.task_name)
    if around.correlation_id is not None:
        record.setdefault("correlation_id", around.correlation_id)
    same_step = around.step_id is not None and record.get("step_id") in (None, around.step_id)
    if family is Family.STEP and same_step:
        record.setdefault("step_id", around.step_id)
        if around.step_name is not None:
            record.setdefault("step_name", around.step_name)
        record.setdefault("attempt_number", around.attempt_number)


def _check_identity(name: str, family: Family, record: Mapping[str, Any]) -> None:
    if family is not Family.CUSTOM and "task_id" not in record:
        raise UsageError(f"{name}: task_id is missing: whose event is it?")
    if family is Family.STEP and "step_id" not in record:
        raise UsageError(f"{name}: step_id is missing: which step is it about?")
    if record.get("attempt_number", 1) < 1:
        raise UsageError(f"{name}: attempt_number counts from 1, got {record['attempt_number']}")


def _place(family: Family, record: Mapping[str, Any], around: Ambient | None) -> TraceHeaders:
    """Return the span that an event belongs to."""
    task_id = record.get("task_id")
    if task_id is None:
        return ambient_trace()
    inside = around if around is not None and around.task_id == task_id else None
    step_id, attempt = record.get("step_id"), record.get("attempt_number")
    if family is Family.STEP:
        attempt = attempt or 1
    elif family is Family.CUSTOM and inside is not None:
        step_id, attempt = inside.step_id, inside.attempt_number
    if step_id is None or attempt is None or family is Family.WORKFLOW:
        return task_trace(task_id) if inside is None else inside.task_trace
    if inside is None:
        return derived_step_trace(task_id, step_id, attempt)
    return step_trace(inside.task_trace, task_id, step_id, attempt)


def _headers(template: _Template, record: Mapping[str, Any], place: TraceHeaders) -> list[Header]:
    headers = template.headers.copy()
    headers.append((CE_ID, record["event_id"].encode()))
    if task_id := record.get("task_id"):
        step_id = record.get("step_id")
        headers.append((CE_SUBJECT, (f"{task_id}/{step_id}" if step_id else task_id).encode()))
    headers += wire_trace(place)
    return headers
