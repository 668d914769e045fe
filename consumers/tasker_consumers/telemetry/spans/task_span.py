"""The span of a task."""

from tasker_consumers.telemetry.core.context import is_of_an_attempt
from tasker_consumers.telemetry.spans.attributes import add_fields, add_marks, business_attributes, status_of
from tasker_consumers.telemetry.spans.links import foreign_links
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import TASK, Attributes, Span
from tasker_consumers.telemetry.spans.span_events import span_events
from tasker_consumers.telemetry.spans.step_counts import counters
from tasker_consumers.telemetry.spans.views.annotated import annotated_task
from tasker_consumers.telemetry.spans.views.task_view import TaskView
from tasker_consumers.telemetry.spans.views.timeline import Timeline

_FIELDS = ("task_name", "correlation_id", "producer", "parent_task_id")


def task_span(view: TaskView, names: SpanNames) -> Span:
    """Return the span of a task, ended or not."""
    context, interval = view.context, view.interval
    timeline, events = annotated_task(view.state, context)
    fields = timeline.fields
    status, message = status_of(view.rank, fields)
    task_name = fields.get("task_name", view.state.head.task_id)
    span = Span(
        context.trace_id,
        context.span_id,
        _parent_id(view),
        "tasker.task.started" if names is SpanNames.TASKER else f"task {task_name}",
        interval.start * 1000,
        interval.end * 1000,
        status,
        message,
        _attributes(view, timeline),
        span_events(events.entries, interval, view.end),
        foreign_links(context),
        fields.get("service", ""),
        context.flags,
        context.tracestate,
    )
    span.kind, span.version = TASK, fields.get("service_version") or ""
    span.dropped_events = events.dropped
    return span


def _attributes(view: TaskView, timeline: Timeline) -> Attributes:
    fields = timeline.fields
    attributes = business_attributes(timeline.business, fields.get("service", ""))
    add_fields(attributes, fields, _FIELDS)
    attributes |= counters(view, timeline)
    attributes["task_id"] = view.state.head.task_id
    add_marks(attributes, view.context, view.interval, view.rank, fields)
    return attributes


def _parent_id(view: TaskView) -> str | None:
    """Return the id of the span above the task's; an attempt of the task would close a ring, and counts as none."""
    parent_id = view.context.parent_id
    return parent_id if parent_id and not is_of_an_attempt(view.state, parent_id) else None
