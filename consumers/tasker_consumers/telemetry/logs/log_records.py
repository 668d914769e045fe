"""Log records of the events that came: each in its trace, under the span that the event belongs to.

A record is made when its event comes, before anybody knows when the span ends. So its time is the event's own, also
where clocks disagree and the span is moved later on.
"""

from collections.abc import Iterator
from typing import Any

from tasker_consumers.telemetry.core.event import FAILED
from tasker_consumers.telemetry.core.facts import Fact
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.logs.record import ERROR, INFO, LogRecord
from tasker_consumers.telemetry.logs.span_ids import SpanIds, span_ids_of
from tasker_consumers.telemetry.presentation.switches import EventSwitches
from tasker_consumers.telemetry.spans.attributes import ERROR_TYPE, UNKNOWN_ERROR, business_attributes
from tasker_consumers.telemetry.spans.span import Attributes
from tasker_consumers.telemetry.spans.span_events import exception_event, is_failure, shown_name
from tasker_schemas.names import RESERVED_NAMES

_PREFIX = "tasker."
# Fields that the record holds elsewhere, or that its exception tells.
_NOT_ATTRIBUTES = {
    "attributes", "backtrace", "error_chain", "error_group", "error_notes", "errors_dropped", "event_name", "service",
    "service_version", "timestamp",
}  # fmt: skip
_IDS = ("task_id", "task_name", "step_id", "step_name", "attempt_number", "correlation_id", "producer", "event_id")
_END_OF_TIME = (1 << 64) - 1  # nanoseconds


def log_records(state: TaskState, switches: EventSwitches, now_us: int) -> list[LogRecord]:
    """Return the records of the events that came since the state was read; `now_us` is microseconds since the epoch.

    An event that was there before makes no record, also when it is delivered again.
    """
    records: list[LogRecord] = []
    for arrival in state.arrivals:
        fact = arrival.fact
        span = span_ids_of(state, arrival.key, fact)
        if switches.events_as_logs:
            records.append(_event_record(state.head.task_id, fact, span, now_us))
        if switches.exceptions_as_logs:
            records += _exception_record(state.head.task_id, fact, span, now_us)
    return records


def _event_record(task_id: str, fact: Fact, span: SpanIds, now_us: int) -> LogRecord:
    fields = fact.fields
    attributes: Attributes = {name: value for name, value in fields.items() if name not in _NOT_ATTRIBUTES}
    attributes |= _ids(task_id, fact)
    if fact.rank == FAILED:
        attributes[ERROR_TYPE] = fields.get("error_class") or UNKNOWN_ERROR
    business = {name: value for name, value in fields.get("attributes", {}).items() if value is not None}
    if business:
        attributes = {**business_attributes(business, fields.get("service", ""), attributes), **attributes}
    name = shown_name(fact.name)
    event_name = _PREFIX + name.removeprefix(_PREFIX) if fact.name in RESERVED_NAMES else name
    return _record(fact, span, now_us, event_name, attributes)


def _exception_record(task_id: str, fact: Fact, span: SpanIds, now_us: int) -> Iterator[LogRecord]:
    """Yield the record of a failure's exception, named after the operation as OpenTelemetry's conventions have it."""
    if not is_failure(fact.name) or (exception := exception_event(fact, fact.timestamp)) is None:
        return
    subject = fact.name.partition(".")[0]
    attributes = exception.attributes | _ids(task_id, fact)
    yield _record(fact, span, now_us, f"{_PREFIX}{subject}.exception", attributes)


def _ids(task_id: str, fact: Fact) -> Attributes:
    """Return the ids by which a record is found; `event_id` tells a second delivery of the record."""
    fields: dict[str, Any] = {**fact.fields, "event_id": fact.event_id}
    if task_id:
        fields["task_id"] = task_id
    return {name: fields[name] for name in _IDS if name in fields}


def _record(fact: Fact, span: SpanIds, now_us: int, event_name: str, attributes: Attributes) -> LogRecord:
    fields = fact.fields
    subject = fields.get("step_name") or fields.get("step_id") or fields.get("task_name") or ""
    error = fields.get("error_message", "") if fact.rank == FAILED else ""
    return LogRecord(
        trace_id=span.trace_id,
        span_id=span.span_id,
        time=min(fact.timestamp * 1000, _END_OF_TIME),
        observed=now_us * 1000,
        severity=ERROR if fact.rank == FAILED else INFO,
        event_name=event_name,
        body=" ".join(filter(None, (event_name, subject))) + (f": {error}" if error else ""),
        attributes=attributes,
        service=fields.get("service", ""),
        version=fields.get("service_version") or "",
        flags=span.flags,
    )
