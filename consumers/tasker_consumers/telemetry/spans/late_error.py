"""An error that came too late for its span: a span of its own, linked to the one it belongs to."""

from hashlib import sha256

from tasker_consumers.telemetry.core.context import SpanContext, attempt_span_id
from tasker_consumers.telemetry.core.state import LateError, TaskState
from tasker_consumers.telemetry.spans.span import ERROR, Attributes, Link, Span
from tasker_consumers.telemetry.spans.span_events import exception_event, nanoseconds

LATE = "tasker.late"


def late_error_span(state: TaskState, late: LateError, context: SpanContext) -> Span:
    """Return the span for a late error; its id follows from the event's, so that it is the same on any replay."""
    event_id, name, fact = late
    about = context.span_id if name is None else attempt_span_id(state, context, name)
    attributes: Attributes = {"task_id": state.head["task_id"], "event_name": fact["event_name"], LATE: True}
    if name is not None:
        attributes |= {"step_id": name[0], "attempt_number": int(name[1])}
    for field in ("task_name", "step_name", "producer"):
        if field in fact:
            attributes[field] = fact[field]
    at = nanoseconds(fact["timestamp"])
    exception = exception_event(fact)
    return Span(
        trace_id=context.trace_id,
        span_id=sha256(f"late:{event_id}".encode()).hexdigest()[:16],
        parent_span_id=context.span_id,
        name="tasker.late_error",
        start=at,
        end=at,
        status=ERROR,
        message=fact.get("error_message") or fact.get("error_class") or "",
        attributes=attributes,
        events=[] if exception is None else [exception],
        links=[Link(context.trace_id, about, {"tasker.link": "late_for"})],
        service=fact.get("service", ""),
        flags=context.flags,
        tracestate=context.tracestate,
    )
