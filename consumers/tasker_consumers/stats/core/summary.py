"""Some steps of a task, added up."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tasker_consumers.stats.core.steps import COUNTED_BY_EVENTS, MAX_SUM, Figures
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State

_ERROR, _CANCELLED, _COMPLETE = RANK[State.ERROR], RANK[State.CANCELLED], RANK[State.COMPLETE]


@dataclass
class Summary:
    """Sums over some steps of a task; times in microseconds."""

    events: int = 0
    steps: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    attempts: int = 0
    retries: int = 0
    work: int = 0
    longest: str | None = None
    longest_time: int | None = None
    ordered: bool = False  # whether any step names its dependencies

    def add_step(self, step_id: str, events: int, depends_on: Collection[str] | None, figures: Figures) -> None:
        """Add one more step, of which the ids of so many `events` are known."""
        rank, tries = figures.rank, figures.tries
        self.events += events + max(0, tries - COUNTED_BY_EVENTS)
        self.steps += 1
        self.completed += rank >= _COMPLETE
        self.failed += rank == _ERROR
        self.cancelled += rank == _CANCELLED
        self.attempts += tries
        self.retries += tries - 1 if tries else 0
        self.work = min(self.work + figures.work, MAX_SUM)
        self.ordered = self.ordered or depends_on is not None
        self._see_time(step_id, figures.time)

    def merge(self, summary: "Summary") -> None:
        """Add the steps of another summary."""
        self.events += summary.events
        self.steps += summary.steps
        self.completed += summary.completed
        self.failed += summary.failed
        self.cancelled += summary.cancelled
        self.attempts += summary.attempts
        self.retries += summary.retries
        self.work = min(self.work + summary.work, MAX_SUM)
        self.ordered = self.ordered or summary.ordered
        self._see_time(summary.longest, summary.longest_time)

    def row(self) -> list[Any]:
        """Return the summary as it is stored: its fields in their order."""
        counts = [self.events, self.steps, self.completed, self.failed, self.cancelled, self.attempts, self.retries]
        return [*counts, self.work, self.longest, self.longest_time, self.ordered]

    def _see_time(self, step_id: str | None, time: int | None) -> None:
        if _longer(step_id, time, self.longest, self.longest_time):
            self.longest, self.longest_time = step_id, time


def _longer(step: str | None, time: int | None, than: str | None, than_time: int | None) -> bool:
    """Return whether a step took longer; of equal times the first step in the alphabet counts as longer."""
    if step is None or time is None:
        return False
    return than is None or than_time is None or time > than_time or (time == than_time and step < than)
