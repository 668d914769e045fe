"""What changed in the counts: from what tasks and steps counted for before a run to what they count for now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tasker_consumers.stats.core.contribution import Contribution
from tasker_consumers.stats.core.derive import contribution
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S, STEP, TASK, Place, Window, start_of


@dataclass(frozen=True)
class Change:
    """What one task or step counted for, and what it does now; `retries` is how many more of it there are."""

    kind: str
    name: str
    seen_at: int  # wall clock of the task's first event, microseconds
    before: Contribution | None
    now: Contribution | None
    retries: int = 0


def changes_of(state: TaskState, now: Contribution | None) -> list[Change]:
    """Return what changed of a task and its steps since it was loaded; `now` is what the task counts for."""
    changes = []
    if now != state.counted:
        changes.append(Change(TASK, state.name or "", state.seen_at, state.counted, now))
    for before, after in state.steps.changes():
        if before != after:
            retries = after.retries - before.retries
            changes.append(Change(STEP, after.name, state.seen_at, before.contribution, after.contribution, retries))
    return changes


@dataclass
class Sum:
    """Contributions added up, and when the first of their tasks was first heard of."""

    window: Window = field(default_factory=Window)
    seen_at: int | None = None

    def merge(self, window: Window, seen_at: int | None) -> None:
        """Add up what is in another one."""
        self.window.merge(window)
        self.see(seen_at)

    def see(self, seen_at: int | None) -> None:
        """Note when a task was first heard of."""
        if self.seen_at is None or (seen_at is not None and seen_at < self.seen_at):
            self.seen_at = seen_at


class Minutes:
    """Contributions by name and minute, the hours made of them when they are wanted."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, int], Sum] = {}

    def add(self, changes: Iterable[Change]) -> None:
        """Take away what counted before, and add what counts now."""
        for change in changes:
            if change.before != change.now:
                if change.before is not None:
                    self._add(change.kind, change.seen_at, change.before, -1)
                if change.now is not None:
                    self._add(change.kind, change.seen_at, change.now, 1)

    def add_task(self, state: TaskState, times: int = 1) -> None:
        """Add all that a task and its steps count for; `times=-1` takes it away."""
        own = contribution(state)
        if own is not None:
            self._add(TASK, state.seen_at, own, times)
        if state.steps.frozen is None:
            for part in state.steps.contributions():
                self._add(STEP, state.seen_at, part, times)
            return
        for name, start, row in state.steps.frozen.minutes:
            found = self._sums.setdefault((STEP, name, start), Sum())
            found.window.merge(Window.of_row(row), times)
            found.see(state.seen_at)

    def windows(self) -> Iterator[tuple[Place, Sum]]:
        """Yield the windows of minutes and of hours."""
        hours: dict[Place, Sum] = {}
        for (kind, name, start), minute in self._sums.items():
            yield Place(kind, name, MINUTE_S, start), minute
            hour = Place(kind, name, HOUR_S, start_of(start, HOUR_S))
            hours.setdefault(hour, Sum()).merge(minute.window, minute.seen_at)
        yield from hours.items()

    def _add(self, kind: str, seen_at: int, part: Contribution, times: int) -> None:
        place = kind, part.name, start_of(part.ended_at, MINUTE_S)
        found = self._sums.get(place)
        if found is None:
            found = self._sums[place] = Sum()
        found.window.add(part, times)
        found.see(seen_at)
