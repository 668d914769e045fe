"""Facts of events as span events."""

from typing import Any

from tasker_consumers.telemetry.core.event import FAILED
from tasker_consumers.telemetry.core.facts import Fact
from tasker_consumers.telemetry.spans.attributes import business_attributes
from tasker_consumers.telemetry.spans.span import Attributes, SpanEvent
from tasker_consumers.telemetry.spans.stacktrace import stacktrace_of
from tasker_consumers.telemetry.spans.views.interval import Interval
from tasker_schemas.catalogue import events_with
from tasker_schemas.event_table import COUNTERS, ERROR, EVENTS, TIMES
from tasker_schemas.names import Family, State, StepEvents, TaskEvents
from tasker_schemas.waiting import WAITING_EVENTS

_NAMES = {
    str(StepEvents.HANDLE): "step.started",
    str(TaskEvents.START_REQUESTED): "task.started",
    **dict.fromkeys(WAITING_EVENTS, "tasker.waiting"),
}
_FAILURES = frozenset().union(
    *(events_with(family, state=State.ERROR, outcome=True) for family in (Family.TASK, Family.STEP))
)
_SUBJECTS = ("task.", "step.")
# Fields that only the event of a task or step shows; its other fields and its attributes are on the span.
_ON_SPAN = {*COUNTERS, *TIMES, *ERROR, "queue_name"}
_OF_SUBJECT = tuple(
    sorted({field for spec in EVENTS if spec.family in {Family.TASK, Family.STEP} for field in spec.carries} - _ON_SPAN)
)
# Fields that are no attributes of an annotation.
_NOT_OF_ANNOTATION = {
    "attributes", "correlation_id", "error_chain", "error_group", "error_notes", "errors_dropped", "event_name",
    "producer", "service", "service_version", "task_name", "timestamp",
}  # fmt: skip


def shown_name(event_name: str) -> str:
    """Return the name by which an event is shown.

    >>> shown_name("step.handle"), shown_name("shop.payment_taken")
    ('step.started', 'shop.payment_taken')
    """
    return _NAMES.get(event_name, event_name)


def is_failure(event_name: str) -> bool:
    """Return whether an event is the failure of a task or an attempt, which an exception is shown for."""
    return event_name in _FAILURES


def span_events(entries: list[Fact], interval: Interval, end: Fact | None) -> list[SpanEvent]:
    """Return the span events of facts, at the times at which the span's interval shows them.

    `end` is the event that ended the span, which is never shown outside of it. A failure is followed by its
    OpenTelemetry exception event.
    """
    events: list[SpanEvent] = []
    in_order = True
    for fact in entries:
        ends = fact is end or (fact.rank >= FAILED and end is not None and fact.timestamp >= end.timestamp)
        shown = interval.shown_end(fact.timestamp) if ends else interval.shown(fact.timestamp)
        in_order = in_order and (not events or events[-1].time <= shown * 1000)
        events.append(SpanEvent(shown * 1000, _NAMES.get(fact.name, fact.name), _event_attributes(fact)))
        if fact.name in _FAILURES and (exception := exception_event(fact, shown)) is not None:
            events.append(exception)
    if not in_order:
        events.sort(key=_time)
    return events


def exception_event(fact: Fact, shown: int) -> SpanEvent | None:
    """Return the exception event of a failure, as OpenTelemetry's conventions want it; None if it tells no error.

    `shown` is its time, in microseconds.
    """
    fields = fact.fields
    attributes: Attributes = {}
    if "error_class" in fields:
        attributes["exception.type"] = fields["error_class"]
    if "error_message" in fields:
        attributes["exception.message"] = fields["error_message"]
    if stacktrace := stacktrace_of(fields):
        attributes["exception.stacktrace"] = stacktrace
    return SpanEvent(shown * 1000, "exception", attributes) if attributes else None


def _event_attributes(fact: Fact) -> Attributes:
    fields = fact.fields
    if fact.name.startswith(_SUBJECTS):
        return {name: fields[name] for name in _OF_SUBJECT if name in fields}
    shown: dict[str, Any] = {name: value for name, value in fields.items() if name not in _NOT_OF_ANNOTATION}
    caller = {name: value for name, value in fields.get("attributes", {}).items() if value is not None}
    if not caller:
        return shown
    return {**shown, **business_attributes(caller, fields.get("service", ""), shown)}


def _time(event: SpanEvent) -> int:
    return event.time
