"""How long a task is remembered: what silence does to a state."""

from dataclasses import dataclass

from tasker_consumers.telemetry.core.context import freeze, task_context
from tasker_consumers.telemetry.core.event import FAILED
from tasker_consumers.telemetry.core.fold import latest_task_fact
from tasker_consumers.telemetry.core.state import Closed, Head, Overdue, TaskState
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import SHORT_WAIT_S, TASK, abandon, ready_names, ready_spans
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.telemetry.spans.task_span import task_interval, task_rank

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """After how many seconds of silence, by the wall clock, something is done about a task."""

    abandoned_after_s: float = 86_400.0  # open spans are exported as abandoned
    grace_s: float = 3_600.0  # an ended task shrinks to what knows its stragglers
    forgotten_after_s: float = 7 * 86_400.0  # as long as the topics keep events that could come again

    def overdue(self, state: TaskState, policy: Policy, now: int) -> Overdue | None:
        """Return what the silence of a task asks for; `now` in microseconds since the epoch."""
        head = state.head
        silent = (now - head["seen_at"]) / _MICROS
        if "closed" in head:
            return Overdue.FORGET if silent > self.forgotten_after_s else None
        if ready_names(head, policy, now):
            return Overdue.EXPORT
        if "told" in head and silent > self.grace_s:
            return Overdue.CLOSE
        if "abandoned" in head:
            # It may still go on: what is known of it is kept for as long as that can be.
            return Overdue.CLOSE if silent > self.forgotten_after_s else None
        return Overdue.ABANDON if silent > self.abandoned_after_s else None


def wake_at(head: Head, policy: Policy) -> int | None:
    """Return when the first of a task's spans that wait will have waited long enough; None when none does."""
    waiting = head.get("waiting")
    if not waiting:
        return None
    grace = round(policy.grace_s * _MICROS)
    of_task = max(grace, round(SHORT_WAIT_S * _MICROS)) if "short" in head else grace
    if policy.samples and "sampled" not in head:  # the others wait for the task's end to decide
        return waiting[TASK] + of_task if TASK in waiting else None
    return min(since + (of_task if name == TASK else grace) for name, since in waiting.items())


def settle(state: TaskState, policy: Policy, now: int) -> list[Span]:
    """Do what is overdue for a task, and return the spans that it gives rise to."""
    if state.overdue is Overdue.EXPORT:
        return ready_spans(state, policy, now)
    if state.overdue is Overdue.FORGET:
        state.forget_steps()
        return []
    spans = abandon(state, policy)  # also of an ended task: attempts whose end never came
    if state.overdue is Overdue.CLOSE:
        _close(state)
    return spans


def _close(state: TaskState) -> None:
    """Drop the facts of a task that is over; what is left knows stragglers, and goes on with a failed task's retry."""
    head = state.head
    latest = latest_task_fact(head)
    # One that merely fell silent is like a failed one: any later event shows that it goes on.
    end, rank = (head["last"], FAILED) if latest is None else (max(latest[0], head["last"]), max(latest[1], FAILED))
    head["closed"] = Closed(end=end, rank=rank)
    freeze(head, task_context(head))
    head["begun"] = task_interval(head, task_rank(head)).start
    head["facts"], head["extras"] = {}, {}
    unused = ["step_context", "waiting", "short"]
    if rank > FAILED:  # it can never go on: its context is not asked for again
        unused += ["context", "frozen", "told"]
    for name in unused:
        head.pop(name, None)  # type: ignore[misc]  # names of keys that may be missing
    state.forget_steps()
