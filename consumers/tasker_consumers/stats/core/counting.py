"""Changes of windows: from the contributions of tasks and steps before a batch to their contributions after it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tasker_consumers.stats.core.contribution import Contribution
from tasker_consumers.stats.core.derive import contribution_of_state
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S, STEP, TASK, Window, WindowKey, start_of


@dataclass(frozen=True)
class Change:
    """The contributions of one task or step before a batch and after it; `retries` is the difference of retries."""

    kind: str
    name: str
    first_heard_at: int  # when the first event of the task came, microseconds
    previous: Contribution | None
    current: Contribution | None
    retries: int = 0


def changes_of(state: TaskState, current: Contribution | None) -> list[Change]:
    """Return the changes of a task and its steps since the state was loaded; `current` is the task's contribution."""
    changes = []
    if current != state.stored_contribution:
        changes.append(Change(TASK, state.name or "", state.first_heard_at, state.stored_contribution, current))
    for previous, step in state.steps.changes():
        if previous != step:
            retries = step.retries - previous.retries
            parts = previous.contribution, step.contribution
            changes.append(Change(STEP, step.name, state.first_heard_at, *parts, retries))
    return changes


@dataclass
class WindowDelta:
    """Contributions to add to a window, and when the first event of the earliest of their tasks came."""

    window: Window = field(default_factory=Window)
    first_heard_at: int | None = None

    def merge(self, window: Window, first_heard_at: int | None) -> None:
        """Add the contributions of another window."""
        self.window.merge(window)
        self.note_first_heard(first_heard_at)

    def note_first_heard(self, first_heard_at: int | None) -> None:
        """Lower `first_heard_at` to that of an earlier task."""
        if self.first_heard_at is None or (first_heard_at is not None and first_heard_at < self.first_heard_at):
            self.first_heard_at = first_heard_at


class WindowDeltas:
    """Deltas by name and minute; the deltas of hours are their sums."""

    def __init__(self) -> None:
        self._deltas: dict[tuple[str, str, int], WindowDelta] = {}

    def add(self, changes: Iterable[Change]) -> None:
        """Take away the previous contributions and add the current contributions."""
        for change in changes:
            if change.previous != change.current:
                if change.previous is not None:
                    self._add(change.kind, change.first_heard_at, change.previous, -1)
                if change.current is not None:
                    self._add(change.kind, change.first_heard_at, change.current, 1)

    def add_task(self, state: TaskState, times: int = 1) -> None:
        """Add the contributions of a task and its steps; `times=-1` takes them away."""
        task = contribution_of_state(state)
        if task is not None:
            self._add(TASK, state.first_heard_at, task, times)
        if state.steps.frozen is None:
            for part in state.steps.contributions():
                self._add(STEP, state.first_heard_at, part, times)
            return
        for name, start, row in state.steps.frozen.minutes:
            delta = self._deltas.setdefault((STEP, name, start), WindowDelta())
            delta.window.merge(Window.of_row(row), times)
            delta.note_first_heard(state.first_heard_at)

    def windows(self) -> Iterator[tuple[WindowKey, WindowDelta]]:
        """Yield the deltas of minutes, then of hours."""
        hours: dict[WindowKey, WindowDelta] = {}
        for (kind, name, start), minute in self._deltas.items():
            yield WindowKey(kind, name, MINUTE_S, start), minute
            hour = WindowKey(kind, name, HOUR_S, start_of(start, HOUR_S))
            hours.setdefault(hour, WindowDelta()).merge(minute.window, minute.first_heard_at)
        yield from hours.items()

    def _add(self, kind: str, first_heard_at: int, part: Contribution, times: int) -> None:
        key = kind, part.name, start_of(part.ended_at, MINUTE_S)
        delta = self._deltas.get(key)
        if delta is None:
            delta = self._deltas[key] = WindowDelta()
        delta.window.add(part, times)
        delta.note_first_heard(first_heard_at)
