"""How long a task is remembered, and how its state shrinks in silence."""

from dataclasses import dataclass

from tasker_consumers.telemetry.abandoned import abandon
from tasker_consumers.telemetry.closing import close
from tasker_consumers.telemetry.core.event import FAILED
from tasker_consumers.telemetry.core.state import Overdue, TaskState
from tasker_consumers.telemetry.pending import ready_keys
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.waits import Wait, silence_ends_at, waits_that_hold
from tasker_schemas.silence import longest_silence

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """After how many seconds of silence, by the wall clock, something is done about a task."""

    #: Open spans are exported as abandoned, unless events of the task give it a limit of its own.
    abandoned_after_s: float = 86_400.0
    grace_s: float = 3_600.0  # an ended task shrinks to the digests that recognize its stragglers
    forgotten_after_s: float = 7 * 86_400.0  # as long as the topics keep events that could come again

    def overdue(self, state: TaskState, policy: Policy, now_us: int) -> Overdue | None:
        """Return the action that a task's silence makes due; `now_us` in microseconds since the epoch."""
        head = state.head
        silent = (now_us - head.seen_at) / _MICROS
        if head.closed is not None:
            return Overdue.FORGET if silent > self.forgotten_after_s else None
        if ready_keys(head, policy, now_us):
            return Overdue.EXPORT
        if head.exported_end is not None and silent > self.grace_s:
            return Overdue.CLOSE
        if head.abandoned:
            # The task may still go on: its facts are kept for as long as that is possible.
            return Overdue.CLOSE if silent > self.forgotten_after_s else None
        limit_s = longest_silence([fact.fields.get("attributes") for fact in head.facts.values()])
        usual_limit_s = self.abandoned_after_s if limit_s is None else limit_s
        return Overdue.ABANDON if now_us > silence_ends_at(head.seen_at, waits_of(state), usual_limit_s) else None


def waits_of(state: TaskState) -> list[Wait]:
    """Return the waits of a task and of its steps that hold; a task that is over has none."""
    head = state.head
    if not head.signs or (head.status is not None and head.status.rank >= FAILED):
        return []
    return waits_that_hold(head.signs, head.last_own, state.last_attempt)


def settle(state: TaskState, policy: Policy, now_us: int) -> list[Span]:
    """Take the action that is due for a task, and return the spans to export."""
    if state.overdue is Overdue.EXPORT:
        return ready_spans(state, policy, now_us)
    if state.overdue is Overdue.FORGET:
        state.forget_steps()
        return []
    spans = abandon(state, policy)  # also of an ended task: attempts whose end never came
    if state.overdue is Overdue.CLOSE:
        close(state)
    return spans
