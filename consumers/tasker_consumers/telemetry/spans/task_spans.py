"""The spans of a task itself."""

from tasker_consumers.telemetry.spans.end_span import end_span
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.telemetry.spans.task_span import task_span
from tasker_consumers.telemetry.spans.views.task_view import TaskView


def task_spans(view: TaskView, names: SpanNames) -> list[Span]:
    """Return the span of a task, and the span that marks its end if it has one."""
    root = task_span(view, names)
    end = end_span(view, root, names)
    return [root] if end is None else [root, end]
