"""Facts of events as span events and attributes."""

from collections.abc import Iterable
from typing import Any, cast

from tasker_consumers.telemetry.span import Attributes, SpanEvent
from tasker_consumers.telemetry.state import Fact, Facts
from tasker_schemas.names import StepEvents, TaskEvents

Told = tuple[int, str, Fact]
"""A fact in the order of things: time, event id, fact."""

_NAMES = {str(StepEvents.HANDLE): "step.started", str(TaskEvents.START_REQUESTED): "task.started"}
_FAILURES = {str(StepEvents.FAILED), str(TaskEvents.FAILED)}
_SUBJECTS = ("task.", "step.")

# What the span itself tells, or what is no attribute.
_ON_SPAN = {
    "attributes", "backtrace", "correlation_id", "ctx", "event_name", "producer", "service", "task_name", "timestamp",
}  # fmt: skip
_ON_SPAN_OF_SUBJECT = _ON_SPAN | {
    "attempt_number", "completed_at", "completed_steps", "depends_on", "error_class", "error_message",
    "execution_duration", "failed_steps", "pending_steps", "retry_limit", "started_at", "step_id", "step_name",
    "total_steps",
}  # fmt: skip


def in_order(*facts: Facts) -> list[Told]:
    """Return facts by time, and by event id where times are equal."""
    return sorted((fact["timestamp"], event_id, fact) for some in facts for event_id, fact in some.items())


def span_events(told: Iterable[Told]) -> list[SpanEvent]:
    """Return the span events for facts in their order; a failure is followed by its OpenTelemetry exception event."""
    events = []
    for timestamp, _, fact in told:
        name: str = fact["event_name"]
        events.append(SpanEvent(nanoseconds(timestamp), _NAMES.get(name, name), _event_attributes(fact)))
        if name in _FAILURES and (exception := exception_event(fact)) is not None:
            events.append(exception)
    return events


def exception_event(fact: Fact) -> SpanEvent | None:
    """Return the exception event of a failure, as OpenTelemetry's conventions want it; None if it tells no error."""
    attributes: Attributes = {}
    if "error_class" in fact:
        attributes["exception.type"] = fact["error_class"]
    if "error_message" in fact:
        attributes["exception.message"] = fact["error_message"]
    if "backtrace" in fact:
        attributes["exception.stacktrace"] = "\n".join(fact["backtrace"])
    return SpanEvent(nanoseconds(fact["timestamp"]), "exception", attributes) if attributes else None


def business_attributes(told: Iterable[Told]) -> Attributes:
    """Return the caller's own attributes of all facts; where one was told twice, the later value holds."""
    attributes: Attributes = {}
    for _, _, fact in told:
        if given := fact.get("attributes"):
            attributes.update({name: value for name, value in given.items() if value is not None})
    return attributes


def told_last(told: Iterable[Told], name: str) -> Any:
    """Return the value of a field in the latest fact that has it, else None."""
    value = None
    for _, _, fact in told:
        value = fact.get(name, value)
    return value


def nanoseconds(micros: int) -> int:
    """Return nanoseconds for microseconds since the epoch; OTLP has no time before it."""
    return max(0, micros) * 1000


def _event_attributes(fact: Fact) -> Attributes:
    if fact["event_name"].startswith(_SUBJECTS):
        return {name: value for name, value in fact.items() if name not in _ON_SPAN_OF_SUBJECT}
    attributes = {name: value for name, value in fact.items() if name not in _ON_SPAN}
    for name, value in fact.get("attributes", {}).items():
        if value is not None:
            attributes.setdefault(name, value)
    return cast("Attributes", attributes)
