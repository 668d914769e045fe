"""How long a task is remembered: what silence does to a state."""

from dataclasses import dataclass

from tasker_consumers.telemetry.attempt_span import SpanNames
from tasker_consumers.telemetry.harvest import abandon, close
from tasker_consumers.telemetry.span import Span
from tasker_consumers.telemetry.state import Overdue, TaskState

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """After how many seconds of silence, by the wall clock, something is done about a task."""

    abandoned_after_s: float = 86_400.0  # open spans are exported as abandoned
    grace_s: float = 3_600.0  # an ended task shrinks to what knows its stragglers
    forgotten_after_s: float = 7 * 86_400.0  # as long as the topics keep events that could come again

    def overdue(self, state: TaskState, now: int) -> Overdue | None:
        """Return what the silence of a task asks for; `now` in microseconds since the epoch."""
        head = state.head
        silent = (now - head["seen_at"]) / _MICROS
        if "closed" in head:
            return Overdue.FORGET if silent > self.forgotten_after_s else None
        if "told" in head and silent > self.grace_s:
            return Overdue.CLOSE
        if "abandoned" in head:
            # It may still go on: what is known of it is kept for as long as that can be.
            return Overdue.CLOSE if silent > self.forgotten_after_s else None
        return Overdue.ABANDON if silent > self.abandoned_after_s else None


def settle(state: TaskState, names: SpanNames) -> list[Span]:
    """Do what is overdue for a task, and return the spans that it gives rise to."""
    if state.overdue is Overdue.FORGET:
        state.forget_steps()
        return []
    spans = abandon(state, names)  # also of an ended task: attempts whose end never came
    if state.overdue is Overdue.CLOSE:
        close(state)
    return spans
