"""What ended per name in each minute or hour: counts by outcome, retries, durations.

A task or step counts once, in the window in which it ended. When more becomes known of it, what it counted for is taken
away again and the new is added: so windows are exact under duplicates, replays and corrections.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, Self

import orjson

from tasker_consumers.stats.core.contribution import FIRST_OUTCOME, OUTCOMES, Contribution, contribution_of
from tasker_consumers.stats.core.sketch import Sketch
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State

MINUTE_S, HOUR_S = 60, 3600
TASK, STEP = "task", "step"
_SECOND = 1_000_000
_PERCENT = (50, 90, 95, 99)
#: Places of the counts, by the names that they have in a record.
_PLACES = {str(state): rank - FIRST_OUTCOME for rank, state in OUTCOMES.items()}
_ERROR = RANK[State.ERROR] - FIRST_OUTCOME

Row = list[Any]
"""A window as it is stored: its counts, retries, time, and its bins one after the other."""


class Place(NamedTuple):
    """Which window: `task` or `step`, their name, its length in seconds, its beginning in microseconds."""

    kind: str
    name: str
    length_s: int
    start: int

    @classmethod
    def of_key(cls, key: bytes) -> Self:
        """Return the place whose `key` this is."""
        return cls(*orjson.loads(key))

    @property
    def key(self) -> bytes:
        """The key of its records on the topic.

        >>> Place("task", "order", 60, 1_700_000_040_000_000).key
        b'["task","order",60,1700000040000000]'
        """
        return orjson.dumps(tuple(self))


@dataclass
class Window:
    """The sum of contributions."""

    outcomes: list[int] = field(default_factory=lambda: [0] * len(OUTCOMES))
    retries: int = 0
    time: int = 0
    durations: Sketch = field(default_factory=Sketch)

    @property
    def count(self) -> int:
        """How many tasks or steps ended."""
        return sum(self.outcomes)

    def add(self, part: Contribution, times: int = 1) -> None:
        """Add a contribution; `times=-1` takes one away that was added before."""
        self.outcomes[part.rank - FIRST_OUTCOME] += times
        self.retries += times * part.retries
        if part.duration is not None:
            self.time += times * part.duration
            self.durations.add(part.duration, times)

    def merge(self, other: "Window", times: int = 1) -> None:
        """Add all that another window holds; `times=-1` takes it away."""
        self.outcomes = [a + times * b for a, b in zip(self.outcomes, other.outcomes, strict=True)]
        self.retries += times * other.retries
        self.time += times * other.time
        self.durations.merge(other.durations, times)

    def row(self) -> Row:
        """Return the window as it is stored."""
        return [*self.outcomes, self.retries, self.time, *chain.from_iterable(self.durations.bins.items())]

    def copy(self) -> Self:
        """Return another one that holds the same."""
        return type(self)(self.outcomes.copy(), self.retries, self.time, Sketch(self.durations.bins.copy()))

    @classmethod
    def of_row(cls, row: Row) -> Self:
        """Return the window that `row` wrote."""
        after = len(OUTCOMES)
        bins = iter(row[after + 2 :])
        return cls(row[:after], row[after], row[after + 1], Sketch(dict(zip(bins, bins, strict=True))))

    @classmethod
    def of_value(cls, value: Mapping[str, Any]) -> Self:
        """Return the window that a record `StatsWindow` tells."""
        outcomes = [0] * len(OUTCOMES)
        for name, place in _PLACES.items():
            outcomes[place] = value[name]
        bins = {int(index): count for index, count in value["duration_bins"].items()}
        return cls(outcomes, value["retries"], round(value["duration_sum_s"] * _SECOND), Sketch(bins))

    def figures(self) -> dict[str, Any]:
        """Return the window as numbers by name; durations in seconds, None where nothing told one."""
        count, measured = self.count, self.durations.count
        return {
            "count": count,
            **{name: self.outcomes[place] for name, place in _PLACES.items()},
            "failure_ratio": self.outcomes[_ERROR] / count if count else None,
            "retries": self.retries,
            "measured": measured,
            "duration_sum_s": self.time / _SECOND,
            "duration_mean_s": self.time / measured / _SECOND if measured else None,
            **{f"duration_p{percent}_s": self.durations.quantile(percent / 100) for percent in _PERCENT},
        }

    def value(self, place: Place, revision: int) -> dict[str, Any]:
        """Return the fields of `StatsWindow`, but for the partition."""
        return {
            "kind": place.kind,
            "name": place.name,
            "window_start": place.start,
            "window_s": place.length_s,
            **self.figures(),
            "duration_bins": {str(index): count for index, count in sorted(self.durations.bins.items())},
            "revision": revision,
        }


MinuteRow = tuple[str, int, Row]
"""A name, the beginning of a minute, and its window as it is stored."""


def minutes(parts: Iterable[Contribution]) -> list[MinuteRow]:
    """Return the windows of a minute that contributions add up to."""
    windows: dict[tuple[str, int], Window] = {}
    for part in parts:
        windows.setdefault((part.name, start_of(part.ended_at, MINUTE_S)), Window()).add(part)
    return [(name, start, window.row()) for (name, start), window in windows.items()]


def start_of(moment: int, length_s: int) -> int:
    """Return when the window begins in which a moment lies; all in microseconds but the length.

    >>> start_of(1_700_000_059_999_999, 60)
    1700000040000000
    """
    return moment - moment % (length_s * _SECOND)


def place_of(value: Mapping[str, Any]) -> Place:
    """Return which window a record `StatsWindow` is about."""
    return Place(value["kind"], value["name"], value["window_s"], value["window_start"])


def merge(values: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one window for each place: the sum over the partitions whose windows are given, each at most once.

    The result has the fields of `StatsWindow` but `partition`, can be merged again, and is sorted by kind, name, length
    and time. What has become empty is left out.
    """
    sums: dict[Place, tuple[Window, int]] = {}
    for value in values:
        window, revision = sums.get(place := place_of(value), (Window(), 0))
        window.merge(Window.of_value(value))
        sums[place] = window, max(revision, value["revision"])
    items = sorted(sums.items(), key=itemgetter(0))
    return [window.value(place, revision) for place, (window, revision) in items if window.count]


class Windows:
    """The windows of one length, over all tasks whose statistics it is told."""

    def __init__(self, length_s: int) -> None:
        self.length_s = length_s
        self._windows: dict[Place, Window] = {}
        self._counted: dict[str, tuple[int, Contribution | None]] = {}

    def learn(self, stats: dict[str, Any]) -> None:
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
            {"name": place.name, "window_start": place.start, "window_s": self.length_s, **window.figures()}
            for place, window in sorted(self._windows.items(), key=itemgetter(0))
        ]

    def _add(self, part: Contribution, times: int) -> None:
        place = Place(TASK, part.name, self.length_s, start_of(part.ended_at, self.length_s))
        window = self._windows.setdefault(place, Window())
        window.add(part, times)
        if not window.count:
            del self._windows[place]
