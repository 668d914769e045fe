"""How long a task is remembered, and how its state shrinks in silence."""

from dataclasses import dataclass

from tasker_consumers.telemetry.core.annotations import Annotated
from tasker_consumers.telemetry.core.context import freeze
from tasker_consumers.telemetry.core.event import FAILED
from tasker_consumers.telemetry.core.head import Closed
from tasker_consumers.telemetry.core.state import Overdue, TaskState
from tasker_consumers.telemetry.pending import ready_keys
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import abandon, ready_spans
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.telemetry.spans.view import view_of

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """After how many seconds of silence, by the wall clock, something is done about a task."""

    abandoned_after_s: float = 86_400.0  # open spans are exported as abandoned
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
        return Overdue.ABANDON if silent > self.abandoned_after_s else None


def settle(state: TaskState, policy: Policy, now_us: int) -> list[Span]:
    """Take the action that is due for a task, and return the spans to export."""
    if state.overdue is Overdue.EXPORT:
        return ready_spans(state, policy, now_us)
    if state.overdue is Overdue.FORGET:
        state.forget_steps()
        return []
    spans = abandon(state, policy)  # also of an ended task: attempts whose end never came
    if state.overdue is Overdue.CLOSE:
        _close(state)
    return spans


def _close(state: TaskState) -> None:
    """Drop the facts of a task that is over; the rest recognizes stragglers, and goes on with a failed task's retry."""
    head, view = state.head, view_of(state)
    end = head.last if head.status is None else max(head.status.timestamp, head.last)
    # A task that merely fell silent is like a failed one: any later event shows that it goes on.
    rank = max(view.rank, FAILED)
    head.closed = Closed(end=end, rank=rank)
    freeze(head, view.context)
    head.exported_start = view.interval.start
    head.facts, head.annotations, head.status = {}, Annotated(), None
    head.first_step_start = None
    head.step_source, head.pending_export, head.awaiting_steps = None, {}, False
    if rank > FAILED:  # it can never go on: its context is not asked for again
        head.source = head.exported_ids = head.exported_end = None
    state.forget_steps()
