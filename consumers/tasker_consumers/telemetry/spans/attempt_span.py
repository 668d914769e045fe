"""The span of an attempt of a step."""

from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.core.head import Attempt
from tasker_consumers.telemetry.spans.attributes import OUTSIDE, add_fields, add_marks, business_attributes, status_of
from tasker_consumers.telemetry.spans.links import attempt_links, foreign_links
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import STEP, Attributes, Span
from tasker_consumers.telemetry.spans.span_events import span_events
from tasker_consumers.telemetry.spans.views.annotated import annotated_attempt
from tasker_consumers.telemetry.spans.views.attempt_view import AttemptView, attempt_view
from tasker_consumers.telemetry.spans.views.task_view import TaskView

_FIELDS = ("task_name", "step_name", "retry_limit", "correlation_id", "producer")


def attempt_span(task: TaskView, key: AttemptKey, attempt: Attempt, names: SpanNames) -> Span | None:
    """Return the span of an attempt, ended or not; None for an attempt that has neither begun nor ended."""
    view = attempt_view(task, key, attempt)
    if view is None:
        return None
    context, interval, fields = view.context, view.interval, view.timeline.fields
    events = annotated_attempt(task.state, attempt, view.timeline, context.span_id)
    links, dropped_links = attempt_links(task.state, key, fields, task.context)
    status, message = status_of(view.rank, fields)
    span = Span(
        context.trace_id,
        context.span_id,
        context.parent_id,
        "tasker.step.processing" if names is SpanNames.TASKER else f"step {fields.get('step_name', key.step_id)}",
        interval.start * 1000,
        interval.end * 1000,
        status,
        message,
        _attributes(task, key, view),
        span_events(events.entries, interval, view.end),
        foreign_links(context) + links if context.foreign is not None else links,
        fields.get("service", ""),
        context.flags,
        context.tracestate,
    )
    span.kind, span.version = STEP, fields.get("service_version") or ""
    span.dropped_events, span.dropped_links = events.dropped, dropped_links
    return span


def _attributes(task: TaskView, key: AttemptKey, view: AttemptView) -> Attributes:
    fields = view.timeline.fields
    attributes = business_attributes(view.timeline.business, fields.get("service", ""))
    add_fields(attributes, fields, _FIELDS)
    attributes["task_id"] = task.state.head.task_id
    attributes["step_id"] = key.step_id
    attributes["attempt_number"] = key.number
    add_marks(attributes, view.context, view.interval, view.rank, fields)
    if task.leaves_out(view.interval):
        attributes[OUTSIDE] = True
    return attributes
