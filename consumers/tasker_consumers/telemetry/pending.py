"""Ended spans that wait: for late events, for the ends of steps, or for the task's end to decide about sampling."""

from collections.abc import Iterator

from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.core.head import Head
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.exported import task_ended
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.spans.step_counts import misses_steps

_MICROS = 1_000_000

#: How long the span of a complete task waits for the ends of its steps, when only they tell its counters: topics are
#: fetched apart, so the task's end can come first.
STEPS_WAIT_S = 30.0

PendingKey = AttemptKey | None
"""An attempt, or None for the task itself."""


def update_ready(state: TaskState, policy: Policy, now_us: int) -> list[PendingKey]:
    """Let ended spans wait for their time, and return those that waited long enough, which then wait no more."""
    head = state.head
    ended: list[PendingKey] = [*sorted(state.ended)] if state.ended else []
    state.ended.clear()
    head.awaiting_steps = False
    if task_ended(state):
        ended.append(None)
        head.awaiting_steps = misses_steps(state)
    pending = head.pending_export
    if not pending and (not ended or (policy.at_once and not head.awaiting_steps)):
        return ended
    for key in ended:
        pending.setdefault(key, now_us)
    ready = ready_keys(head, policy, now_us)
    for ready_key in ready:
        del pending[ready_key]
    return ready


def ready_keys(head: Head, policy: Policy, now_us: int) -> list[PendingKey]:
    """Return the pending spans whose time has come, the task's last."""
    ready = [key for key, due_at in _times(head, policy) if now_us >= due_at]
    if policy.samples and head.sampled is None and None not in ready:
        return []  # only the task's end decides whether any of its spans is kept
    return sorted(ready, key=_order)


def wake_at(head: Head, policy: Policy) -> int | None:
    """Return when the first of a task's pending spans will have waited long enough; None when none waits."""
    times = _times(head, policy)
    if policy.samples and head.sampled is None:  # the others wait for the task's end to decide
        return next((due_at for key, due_at in times if key is None), None)
    return min((due_at for _, due_at in times), default=None)


def _times(head: Head, policy: Policy) -> Iterator[tuple[PendingKey, int]]:
    grace = round(policy.grace_s * _MICROS)
    of_task = max(grace, round(STEPS_WAIT_S * _MICROS)) if head.awaiting_steps else grace
    for key, since in head.pending_export.items():
        yield key, since + (of_task if key is None else grace)


def _order(key: PendingKey) -> tuple[bool, AttemptKey]:
    return key is None, key or AttemptKey("", 0)
