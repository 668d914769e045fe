"""Which spans of a task can be exported now."""

from collections.abc import Iterator

from tasker_consumers.telemetry.core.context import SpanContext, freeze, task_context
from tasker_consumers.telemetry.core.event import BEGUN, FAILED
from tasker_consumers.telemetry.core.state import Attempt, Head, TaskState
from tasker_consumers.telemetry.exported import note_attempt, note_task, task_ended
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.spans.attempt_span import attempt_span, furthest
from tasker_consumers.telemetry.spans.late_error import late_error_span
from tasker_consumers.telemetry.spans.span import UNSET, Span
from tasker_consumers.telemetry.spans.step_counts import misses_steps
from tasker_consumers.telemetry.spans.task_span import end_span, task_rank, task_span
from tasker_schemas.headers import SAMPLED

ABANDONED = "tasker.abandoned"
PROVISIONAL = "tasker.provisional"

#: The task's own entry among what waits.
TASK = ""
_MICROS = 1_000_000

#: How long the span of a complete task waits for the ends of its steps, when only they tell its counters: topics are
#: fetched apart, so the task's end can come first.
SHORT_WAIT_S = 30.0

AT_ONCE = Policy()


def ready_spans(state: TaskState, policy: Policy = AT_ONCE, now: int = 0) -> list[Span]:
    """Return the spans that the policy lets go now, and note in the state that they are told.

    Those of a task that is not kept are not flagged as sampled: whoever exports leaves them out.

    `now` is in microseconds since the epoch. A span that ends again, like that of a failed task that was retried, is
    returned again under the same id.
    """
    head = state.head
    ready = _update_ready(state, policy, now)
    early = policy.provisional and not ready and _may_be_seen_early(head)
    if not ready and not state.late_errors and not early:
        return []
    context = task_context(head)
    spans = []
    if early:
        spans.append(_provisional(state, context, policy))
    if TASK in ready:
        spans += _end_task(state, context, policy)
    for name in ready:
        if name != TASK:
            spans += _end_attempt(state, _parse(name), context, policy)
    spans += [late_error_span(state, late, context) for late in state.late_errors]
    state.late_errors.clear()
    if spans:
        freeze(head, context)
    return spans if head.get("sampled", True) else [_unsampled(span) for span in spans]


def all_spans(state: TaskState, policy: Policy = AT_ONCE) -> list[Span]:
    """Return the spans of a task as it is now, also those that have not ended; changes nothing.

    Only for a state that nothing was harvested from: what was exported is not in a state any more.
    """
    context = task_context(state.head)
    attempts = (attempt_span(state, name, attempt, context, policy.names) for name, attempt in attempts_of(state))
    return [*_task_spans(state, context, policy), *(span for span in attempts if span is not None)]


def abandon(state: TaskState, policy: Policy) -> list[Span]:
    """Return the spans of a silent task that were not exported, the open ones marked, and note them as told.

    They are exported again under their ids should they end after all.
    """
    head = state.head
    context = task_context(head)
    if policy.samples:
        head.setdefault("sampled", True)  # that nobody knows how a task ended is reason enough to look at it
    spans = []
    for name, attempt in attempts_of(state):
        if "rank" not in attempt:
            ended = _end_attempt(state, name, context, policy)
            spans += ended if attempt.get("rank", -1) >= FAILED else [_marked(span, ABANDONED) for span in ended]
    if "told" not in head:
        spans.append(_marked(task_span(state, context, policy.names), ABANDONED))
    head["abandoned"] = True
    if spans:
        freeze(head, context)
    return spans if head.get("sampled", True) else [_unsampled(span) for span in spans]


def attempts_of(state: TaskState) -> Iterator[tuple[tuple[str, str], Attempt]]:
    """Iterate over step id and number, and attempt, of all attempts."""
    for bucket in state.buckets():
        for step_id, attempts in list(bucket["steps"].items()):
            for number, attempt in list(attempts.items()):
                yield (step_id, number), attempt


def ready_names(head: Head, policy: Policy, now: int) -> list[str]:
    """Return the entries among what waits whose time has come."""
    waiting = head.get("waiting", {})
    grace = policy.grace_s * _MICROS
    of_task = max(grace, SHORT_WAIT_S * _MICROS) if "short" in head else grace
    ready = sorted(name for name, since in waiting.items() if now - since >= (of_task if name == TASK else grace))
    if policy.samples and "sampled" not in head and TASK not in ready:
        return []  # only the task's end decides whether any of its spans is kept
    return ready


def _update_ready(state: TaskState, policy: Policy, now: int) -> list[str]:
    """Let what has ended wait for its time, and take out what waited long enough."""
    head = state.head
    ended = [f"{number}:{step_id}" for step_id, number in sorted(state.ended)] if state.ended else []
    state.ended.clear()
    head.pop("short", None)
    if task_ended(state):
        ended.append(TASK)
        if misses_steps(state):
            head["short"] = True
    waiting = head.get("waiting")
    if waiting is None and (not ended or (policy.at_once and "short" not in head)):
        return ended
    head["waiting"] = dict.fromkeys(ended, now) | (waiting or {})
    ready = ready_names(head, policy, now)
    for name in ready:
        del head["waiting"][name]
    if not head["waiting"]:
        del head["waiting"]
    return ready


def _end_task(state: TaskState, context: SpanContext, policy: Policy) -> list[Span]:
    if not task_ended(state):
        return []  # it was retried while its span waited
    spans = _task_spans(state, context, policy)
    if policy.samples:
        state.head["sampled"] = state.head.get("sampled", False) or policy.keeps(spans[0])
    note_task(state, context)
    return spans


def _end_attempt(state: TaskState, name: tuple[str, str], context: SpanContext, policy: Policy) -> list[Span]:
    attempt = state.attempt(*name)
    span = attempt_span(state, name, attempt, context, policy.names) if attempt["facts"] else None
    if span is None:
        return []
    note_attempt(state, attempt, span.span_id, furthest(attempt))
    return [span]


def _task_spans(state: TaskState, context: SpanContext, policy: Policy) -> list[Span]:
    root = task_span(state, context, policy.names)
    end = end_span(state, root, policy.names)
    return [root] if end is None else [root, end]


def _may_be_seen_early(head: Head) -> bool:
    return "provisional" not in head and "told" not in head and "closed" not in head and task_rank(head) == BEGUN


def _provisional(state: TaskState, context: SpanContext, policy: Policy) -> Span:
    state.head["provisional"] = True
    return _marked(task_span(state, context, policy.names), PROVISIONAL)._replace(status=UNSET)


def _unsampled(span: Span) -> Span:
    return span._replace(flags=span.flags & ~SAMPLED)


def _marked(span: Span, mark: str) -> Span:
    return span._replace(attributes={**span.attributes, mark: True})


def _parse(name: str) -> tuple[str, str]:
    number, _, step_id = name.partition(":")
    return step_id, number
