"""The spans of a task's state: those that ended, or all."""

from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.exported import note_attempt, note_task, task_ended
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.sampling import decide
from tasker_consumers.telemetry.spans.attempt_span import attempt_span
from tasker_consumers.telemetry.spans.end_span import end_span
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.telemetry.spans.task_span import task_span
from tasker_consumers.telemetry.spans.views.task_view import TaskView, view_of


def end_task(view: TaskView, policy: Policy) -> list[Span]:
    """Return the spans of a task's end, and note them as exported; none when the task goes on."""
    if not task_ended(view.state):
        return []  # it was retried while its span waited
    spans = _task_spans(view, policy)
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


def all_spans(state: TaskState, policy: Policy) -> list[Span]:
    """Return the spans of a task as it is now, also those that have not ended.

    Only for a state of which nothing was exported: the facts of an exported span are not in a state any more.
    """
    view = view_of(state)
    attempts = (attempt_span(view, key, attempt, policy.names) for key, attempt in state.attempts())
    return [*_task_spans(view, policy), *(span for span in attempts if span is not None)]


def _task_spans(view: TaskView, policy: Policy) -> list[Span]:
    root = task_span(view, policy.names)
    end = end_span(view, root, policy.names)
    return [root] if end is None else [root, end]
