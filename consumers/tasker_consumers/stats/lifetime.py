"""The effects of time alone on a task's state: it is marked abandoned, shrunk to its results, or forgotten."""

from dataclasses import dataclass

from tasker_consumers.stats.clocks import SECOND, RecordTime
from tasker_consumers.stats.core.derive import is_abandoned, is_settled, is_terminal, waits_of
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S, WindowKey
from tasker_consumers.waits import silence_ends_at

#: States outlive the windows of their tasks by this time, so that a window is never rebuilt from a part of its tasks.
MARGIN_S = HOUR_S
_DAY = 86_400 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long states live, in seconds after the last delivery of an event.

    As long as a state is not shrunk, each event has its full effect, whenever it comes (docs/configuration.md names in
    words the loss, and its time).
    """

    #: A task that is not over is marked abandoned after this time, by event time too, or after the limit that its own
    #: events give, and not as long as one of its waits excuses the silence. The next event undoes the mark.
    abandoned_after_s: float = 86_400.0
    #: A window takes corrections for this time. An hour later a settled task is shrunk to its results: complete,
    #: cancelled or resolved, and all its steps have ended.
    retention_s: float = 7 * 86_400.0
    #: The results of a settled task are forgotten after this time.
    results_s: float = 30 * 86_400.0
    #: Any other task is forgotten after this time: it is open or failed, or steps of it are missing.
    unfinished_s: float = 365 * 86_400.0

    def age(self, state: TaskState, *, now: RecordTime, for_marks: int) -> bool:
        """Change a state as its age asks for, and return whether it changed.

        `now` is the time by which states may be shrunk and deleted, `for_marks` the time for the mark (`StateClock`).
        """
        silent_s = (now - state.last_heard_at) / SECOND
        settled = state.steps.frozen is not None or is_settled(state)
        kept_s = max(self.results_s if settled else self.unfinished_s, self.retention_s + MARGIN_S)
        if silent_s > kept_s:
            state.forgotten = True
            return True
        if settled:
            shrinks = silent_s > self.retention_s + MARGIN_S and state.steps.frozen is None
            if shrinks:
                state.steps.freeze()
            return shrinks
        return not is_terminal(state) and self._mark_abandoned(state, for_marks)

    def _mark_abandoned(self, state: TaskState, now_us: int) -> bool:
        latest = max(state.last_heard_at, state.last_event_at or 0)
        known_events = state.known_events
        limit_s = self.abandoned_after_s if state.silence_limit_s is None else state.silence_limit_s
        if now_us <= silence_ends_at(latest, waits_of(state), limit_s) or is_abandoned(state, known_events):
            return False
        state.abandoned_after = known_events
        return True


class WindowRetention:
    """How long windows take corrections: those of minutes for a day at most, those of hours for the whole retention.

    A week of minutes would be most of a worker's store; hours tell as much after a day.
    """

    def __init__(self, retention_s: float) -> None:
        retention = round(retention_s * SECOND)
        self._of_length = {MINUTE_S: min(retention, _DAY), HOUR_S: retention}

    def is_closed(self, key: WindowKey, first_heard_at: int | None, now_us: int) -> bool:
        """Return whether a window takes no more corrections, given the arrival of its first event."""
        return closes_at(key.start, first_heard_at or 0, self._of_length[key.length_s]) <= now_us

    def may_be_closed(self, key: WindowKey, now_us: int) -> bool:
        """Return the same for the earliest possible arrival, which costs less to know."""
        return key.start + self._of_length[key.length_s] <= now_us


def closes_at(start: int, first_heard_at: int, retention: int) -> int:
    """Return when a window closes, all in microseconds: it takes no corrections afterwards.

    That is `retention` after its start. A window whose tasks all came later than that, as those of an imported history
    do, stays open for `retention` after the first of them came.

    >>> closes_at(1000, first_heard_at=1020, retention=100), closes_at(1000, first_heard_at=5000, retention=100)
    (1100, 5100)
    """
    return (start if first_heard_at <= start + retention else first_heard_at) + retention
