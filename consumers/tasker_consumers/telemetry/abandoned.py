"""The spans of a task that fell silent before its end."""

from tasker_consumers.telemetry.core.event import FAILED
from tasker_consumers.telemetry.core.head import Attempt
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.sampling import as_exported
from tasker_consumers.telemetry.spans.attributes import ABANDONED
from tasker_consumers.telemetry.spans.span import Span, marked
from tasker_consumers.telemetry.spans.task_span import task_span
from tasker_consumers.telemetry.spans.views.task_view import view_of
from tasker_consumers.telemetry.state_spans import end_attempt


def abandon(state: TaskState, policy: Policy) -> list[Span]:
    """Return the spans of a silent task that were not exported, the open ones marked, and note them as exported.

    They are exported again under their ids should they end after all.
    """
    head = state.head
    view = view_of(state)
    if policy.samples and head.sampled is None:
        head.sampled = True  # that nobody knows how a task ended is reason enough to look at it
    spans = []
    for key, attempt in state.attempts():
        if attempt.exported_rank is None:
            ended = end_attempt(view, key, policy)
            spans += ended if _has_ended(attempt) else [marked(span, ABANDONED) for span in ended]
    if head.exported_end is None:
        spans.append(marked(task_span(view, policy.names), ABANDONED))
    head.abandoned = True
    return as_exported(view, spans, policy)


def _has_ended(attempt: Attempt) -> bool:
    return attempt.exported_rank is not None and attempt.exported_rank >= FAILED
