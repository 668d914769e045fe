"""The spans of a task's state that ended."""

from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.exported import note_attempt, note_task, task_ended
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.sampling import decide
from tasker_consumers.telemetry.spans.attempt_span import attempt_span
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.telemetry.spans.task_spans import task_spans
from tasker_consumers.telemetry.spans.views.task_view import TaskView


def end_task(view: TaskView, policy: Policy) -> list[Span]:
    """Return the spans of a task's end, and note them as exported; none when the task goes on."""
    if not task_ended(view.state):
        return []  # it was retried while its span waited
    spans = task_spans(view, policy.names)
    decide(view, spans[0], policy)
    note_task(view)
    return spans


def end_attempt(view: TaskView, key: AttemptKey, policy: Policy) -> list[Span]:
    """Return the span of an attempt, and note it as exported; none when the attempt has no span."""
    attempt = view.state.attempt(key)
    span = attempt_span(view, key, attempt, policy.names) if attempt.facts else None
    if span is None:
        return []
    note_attempt(view.state, attempt, span.span_id)
    return [span]
