"""What happened per task name in each minute or hour: counts by outcome, retries, durations.

A task counts once, in the window in which it ended. When more becomes known of it, what it counted for is taken away
again and the new is added: so windows are exact under duplicates, replays and corrections.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tasker_consumers.stats.sketch import Sketch
from tasker_schemas.names import State

MINUTE_S, HOUR_S = 60, 3600
_SECOND = 1_000_000

#: The statuses of a task that is over.
OUTCOMES = (State.COMPLETE, State.ERROR, State.CANCELLED, State.RESOLVED_MANUALLY)


class Contribution(NamedTuple):
    """What one task adds to its window; microseconds."""

    name: str
    ended_at: int
    outcome: State
    retries: int
    duration: int | None


def contribution_of(stats: Mapping[str, Any]) -> Contribution | None:
    """Return what a task's statistics add to a window; None as long as it is not over."""
    ended_at, duration_s = stats["completed_at"], stats["duration_s"]
    if ended_at is None or stats["status"] not in OUTCOMES:
        return None
    duration = None if duration_s is None else round(duration_s * _SECOND)
    return Contribution(stats["task_name"] or "", ended_at, State(stats["status"]), stats["retries"], duration)


@dataclass(slots=True)
class Window:
    """The sum of contributions."""

    outcomes: dict[State, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    retries: int = 0
    time: int = 0
    durations: Sketch = field(default_factory=Sketch)

    @property
    def count(self) -> int:
        """How many tasks ended."""
        return sum(self.outcomes.values())

    def add(self, part: Contribution, times: int = 1) -> None:
        """Add a contribution; `times=-1` takes one away that was added before."""
        self.outcomes[part.outcome] += times
        self.retries += times * part.retries
        if part.duration is not None:
            self.time += times * part.duration
            self.durations.add(part.duration, times)

    def figures(self) -> dict[str, Any]:
        """Return the window as numbers by name; durations in seconds, None where no task told one."""
        measured = self.durations.count
        return {
            "count": self.count,
            **{str(outcome): count for outcome, count in self.outcomes.items()},
            "failure_ratio": self.outcomes[State.ERROR] / self.count if self.count else None,
            "retries": self.retries,
            "duration_mean_s": self.time / measured / _SECOND if measured else None,
            **{f"duration_p{percent}_s": self.durations.quantile(percent / 100) for percent in (50, 90, 95, 99)},
        }


class Windows:
    """The windows of one length, over all tasks whose statistics it is told."""

    def __init__(self, length_s: int) -> None:
        self.length_s = length_s
        self._windows: dict[tuple[str, int], Window] = {}
        self._counted: dict[str, tuple[int, Contribution | None]] = {}

    def learn(self, stats: Mapping[str, Any]) -> None:
        """Count a task's statistics in the place of those known before; older revisions are passed over."""
        revision, before = self._counted.get(stats["task_id"], (-1, None))
        if stats["revision"] < revision:
            return
        now = contribution_of(stats)
        self._counted[stats["task_id"]] = stats["revision"], now
        for part, times in ((before, -1), (now, 1)):
            if part is not None:
                self._add(part, times)

    def figures(self) -> list[dict[str, Any]]:
        """Return all windows, by name and time; `window_start` in microseconds."""
        return [
            {"name": name, "window_start": start, "window_s": self.length_s, **window.figures()}
            for (name, start), window in sorted(self._windows.items())
        ]

    def _add(self, part: Contribution, times: int) -> None:
        place = part.name, part.ended_at - part.ended_at % (self.length_s * _SECOND)
        window = self._windows.setdefault(place, Window())
        window.add(part, times)
        if not window.count:
            del self._windows[place]
