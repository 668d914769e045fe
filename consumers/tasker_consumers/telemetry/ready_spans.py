"""Which spans of a task can be exported now."""

from tasker_consumers.telemetry.core.context import freeze
from tasker_consumers.telemetry.core.event import BEGUN, FAILED
from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.core.head import Attempt, Head
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.exported import note_attempt, note_task, task_ended
from tasker_consumers.telemetry.pending import update_ready
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.spans.attempt_span import attempt_span
from tasker_consumers.telemetry.spans.attributes import ABANDONED, PROVISIONAL
from tasker_consumers.telemetry.spans.late_error import late_error_span
from tasker_consumers.telemetry.spans.span import UNSET, Span
from tasker_consumers.telemetry.spans.task_span import end_span, task_span
from tasker_consumers.telemetry.spans.view import TaskView, view_of

AT_ONCE = Policy()


def ready_spans(state: TaskState, policy: Policy = AT_ONCE, now_us: int = 0) -> list[Span]:
    """Return the spans that the policy lets go now, and note in the state that they are exported.

    Those of a task that is not kept are not flagged as sampled: whoever exports leaves them out.

    `now_us` is in microseconds since the epoch. A span that ends again, like that of a failed task that was retried, is
    returned again under the same id.
    """
    head = state.head
    ready = update_ready(state, policy, now_us)
    early = policy.provisional and not ready and _may_be_seen_early(head)
    if not ready and not state.late_errors and not early:
        return []
    view = view_of(state)
    spans = []
    if early:
        spans.append(_provisional(view, policy))
    if None in ready:
        spans += _end_task(view, policy)
    for key in ready:
        if key is not None:
            spans += _end_attempt(view, key, policy)
    spans += [late_error_span(view, late) for late in state.late_errors]
    state.late_errors.clear()
    return _exported(view, spans, policy)


def all_spans(state: TaskState, policy: Policy = AT_ONCE) -> list[Span]:
    """Return the spans of a task as it is now, also those that have not ended.

    Only for a state of which nothing was exported: the facts of an exported span are not in a state any more.
    """
    view = view_of(state)
    attempts = (attempt_span(view, key, attempt, policy.names) for key, attempt in state.attempts())
    return [*_task_spans(view, policy), *(span for span in attempts if span is not None)]


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
            spans += _abandon_attempt(view, key, attempt, policy)
    if head.exported_end is None:
        spans.append(_marked(task_span(view, policy.names), ABANDONED))
    head.abandoned = True
    return _exported(view, spans, policy)


def _abandon_attempt(view: TaskView, key: AttemptKey, attempt: Attempt, policy: Policy) -> list[Span]:
    ended = _end_attempt(view, key, policy)
    if attempt.exported_rank is not None and attempt.exported_rank >= FAILED:
        return ended
    return [_marked(span, ABANDONED) for span in ended]


def _exported(view: TaskView, spans: list[Span], policy: Policy) -> list[Span]:
    """Return spans as they are exported: flagged as not sampled when the task is not kept, else with their rate."""
    head = view.state.head
    if spans:
        freeze(head, view.context)
    if head.sampled is False:
        return [span._replace(flags=policy.unsampled(span.flags)) for span in spans]
    return policy.with_threshold(spans) if head.sampled_by_ratio else spans


def _end_task(view: TaskView, policy: Policy) -> list[Span]:
    if not task_ended(view.state):
        return []  # it was retried while its span waited
    spans = _task_spans(view, policy)
    head = view.state.head
    if policy.samples and not head.sampled:
        head.sampled = policy.keeps(spans[0])
        head.sampled_by_ratio = head.sampled and not policy.keeps_always(spans[0])
    note_task(view)
    return spans


def _end_attempt(view: TaskView, key: AttemptKey, policy: Policy) -> list[Span]:
    attempt = view.state.attempt(key)
    span = attempt_span(view, key, attempt, policy.names) if attempt.facts else None
    if span is None:
        return []
    note_attempt(view.state, attempt, span.span_id)
    return [span]


def _task_spans(view: TaskView, policy: Policy) -> list[Span]:
    root = task_span(view, policy.names)
    end = end_span(view, root, policy.names)
    return [root] if end is None else [root, end]


def _may_be_seen_early(head: Head) -> bool:
    begun = head.status is not None and head.status.rank == BEGUN
    return begun and not head.provisional and head.exported_end is None and head.closed is None


def _provisional(view: TaskView, policy: Policy) -> Span:
    view.state.head.provisional = True
    return _marked(task_span(view, policy.names), PROVISIONAL)._replace(status=UNSET)


def _marked(span: Span, mark: str) -> Span:
    return span._replace(attributes={**span.attributes, mark: True})
