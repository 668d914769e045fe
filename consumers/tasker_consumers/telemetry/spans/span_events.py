"""Facts of events as span events and attributes."""

from collections.abc import Iterable

from tasker_consumers.telemetry.core.state import Fact
from tasker_consumers.telemetry.spans.span import Attributes, SpanEvent
from tasker_consumers.telemetry.spans.timeline import Told
from tasker_schemas.names import StepEvents, TaskEvents

_NAMES = {str(StepEvents.HANDLE): "step.started", str(TaskEvents.START_REQUESTED): "task.started"}
_FAILURES = {str(StepEvents.FAILED), str(TaskEvents.FAILED)}
_SUBJECTS = ("task.", "step.")
# What only the event tells, of a task or step; the rest of its fields and its attributes are on the span.
_OF_SUBJECT = {
    "backoff_seconds", "backoff_strategy", "cancellation_reason", "error_steps", "previous_attempts", "resolved_by",
    "retry_reason",
}  # fmt: skip
# What is no attribute of a remark.
_NOT_OF_REMARK = {"attributes", "correlation_id", "ctx", "event_name", "producer", "service", "task_name", "timestamp"}


def span_events(told: Iterable[Told]) -> list[SpanEvent]:
    """Return the span events for facts in their order; a failure is followed by its OpenTelemetry exception event."""
    events = []
    for timestamp, _, _, fact in told:
        name: str = fact["event_name"]
        events.append(SpanEvent(timestamp * 1000, _NAMES.get(name, name), _event_attributes(fact)))
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
    return SpanEvent(fact["timestamp"] * 1000, "exception", attributes) if attributes else None


def nanoseconds(micros: int) -> int:
    """Return nanoseconds for microseconds since the epoch; OTLP has no time before it."""
    return max(0, micros) * 1000


def _event_attributes(fact: Fact) -> Attributes:
    if fact["event_name"].startswith(_SUBJECTS):
        if _OF_SUBJECT.isdisjoint(fact):
            return {}
        return {name: fact[name] for name in sorted(_OF_SUBJECT.intersection(fact))}
    attributes: Attributes = {name: value for name, value in fact.items() if name not in _NOT_OF_REMARK}
    for name, value in fact.get("attributes", {}).items():
        if value is not None:
            attributes.setdefault(name, value)
    return attributes
