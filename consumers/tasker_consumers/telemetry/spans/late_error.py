"""An error that came too late for its span: a span of its own, linked to the span it belongs to."""

from hashlib import sha256

from tasker_consumers.telemetry.core.context import attempt_span_id
from tasker_consumers.telemetry.core.facts import LateError
from tasker_consumers.telemetry.spans.attributes import ERROR_TYPE, LATE, SHIFTED, UNKNOWN_ERROR, add_fields
from tasker_consumers.telemetry.spans.span import ERROR, LATE_ERROR, Attributes, Link, Span
from tasker_consumers.telemetry.spans.span_events import exception_event
from tasker_consumers.telemetry.spans.views.interval import Interval
from tasker_consumers.telemetry.spans.views.skew import shift_into
from tasker_consumers.telemetry.spans.views.task_view import TaskView


def late_error_span(view: TaskView, late: LateError) -> Span:
    """Return the span for a late error; its id follows from the event's, so that it is the same on any replay."""
    key, fact = late
    fields, context, head = fact.fields, view.context, view.state.head
    subject_id = context.span_id if key is None else attempt_span_id(view.state, context, key)
    attributes: Attributes = {"task_id": head.task_id, "event_name": fact.name, LATE: True}
    attributes[ERROR_TYPE] = fields.get("error_class") or UNKNOWN_ERROR
    interval = Interval(fact.timestamp, fact.timestamp)
    if key is not None:
        attributes |= {"step_id": key.step_id, "attempt_number": key.number}
        # The error is shown where its attempt is: clocks that disagree moved both.
        interval = interval.moved(shift_into(head, fields.get("producer", ""), fact.timestamp, fact.timestamp))
        if interval.shift:
            attributes[SHIFTED] = interval.shift / 1_000_000
    add_fields(attributes, fields, ("task_name", "step_name", "producer"))
    interval = interval.within_time()
    exception = exception_event(fact, interval.start)
    return Span(
        trace_id=context.trace_id,
        span_id=sha256(f"late:{fact.event_id}".encode()).hexdigest()[:16],
        parent_span_id=context.span_id,
        name="tasker.late_error",
        start=interval.start * 1000,
        end=interval.end * 1000,
        status=ERROR,
        message=fields.get("error_message") or fields.get("error_class") or "",
        attributes=attributes,
        events=[] if exception is None else [exception],
        links=[Link(context.trace_id, subject_id, {"tasker.link": "late_for"})],
        service=fields.get("service", ""),
        flags=context.flags,
        tracestate=context.tracestate,
        kind=LATE_ERROR,
        version=fields.get("service_version") or "",
    )
