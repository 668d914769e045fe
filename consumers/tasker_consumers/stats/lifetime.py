"""The effects of time alone on a task's state: it is abandoned, shrunk to its results, or forgotten."""

from dataclasses import dataclass

from tasker_consumers.stats.core.derive import is_abandoned, is_terminal
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.windows import HOUR_S
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State

SECOND = 1_000_000
#: A closed window is kept so long for what would open it again, and the states of its tasks are too.
MARGIN_S = HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long states live, in seconds without any delivery."""

    #: A task that is not over is abandoned after so long, by event time and by wall clock.
    abandoned_after_s: float = 86_400.0
    #: The steps of a task that is over are kept so long, for stragglers; of a failed one at least as long as the above,
    #: for its retry.
    grace_s: float = 3_600.0
    #: How long windows take corrections, after which a task is forgotten (an hour later): the topics do not hold its
    #: events longer.
    retention_s: float = 7 * 86_400.0

    def age(self, state: TaskState, now: int) -> bool:
        """Change a state as its age at `now` (wall clock, microseconds) asks for; return whether it changed."""
        silent = (now - state.last_heard_at) / SECOND
        if silent > max(self.retention_s, self.abandoned_after_s) + MARGIN_S:
            state.forgotten = True
            return True
        if state.status_event is not None and is_terminal(state):
            failed = state.status_event.rank == RANK[State.ERROR]
            grace = max(self.grace_s, self.abandoned_after_s) if failed else self.grace_s
            if silent <= grace or state.steps.frozen is not None:
                return False
            state.steps.freeze()
            return True
        unheard = (now - (state.last_event_at or 0)) / SECOND
        if min(silent, unheard) <= self.abandoned_after_s:
            return False
        known = state.known_events
        changed = not is_abandoned(state, known)
        state.abandoned_after = known
        return changed


def closes_at(start: int, first_heard_at: int, retention: int) -> int:
    """Return when a window closes, all in microseconds: later its tasks are forgotten one by one, and it with them.

    That is `retention` after its begin; but a window of tasks that were first heard of even later than that, such as
    those of an imported history, is open for as long from then on.

    >>> closes_at(1000, first_heard_at=1020, retention=100), closes_at(1000, first_heard_at=5000, retention=100)
    (1100, 5100)
    """
    return (start if first_heard_at <= start + retention else first_heard_at) + retention
