"""Windows: per name and minute or hour, the tasks or steps that ended, by outcome, with their retries and durations.

A task or step counts once, in the window in which it ended. When more becomes known about it, its previous contribution
is taken away and the new contribution is added: so windows are exact under duplicates, replays and corrections.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, Self

import orjson

from tasker_consumers.stats.core.contribution import FIRST_OUTCOME, OUTCOMES, Contribution
from tasker_consumers.stats.core.sketch import Sketch
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State

MINUTE_S, HOUR_S = 60, 3600
TASK, STEP = "task", "step"
_SECOND = 1_000_000
_PERCENTS = {
    "duration_p50_s": 50,
    "duration_p90_s": 90,
    "duration_p95_s": 95,
    "duration_p99_s": 99,
    "duration_max_s": 100,
}
#: Numbers beyond 64 bits, which JSON rows cannot hold, are stored as text.
_MAX_STORED = 2**63
#: Index of each outcome's count, by the name of its field in a record.
_INDEX_OF_OUTCOME = {str(state): rank - FIRST_OUTCOME for rank, state in OUTCOMES.items()}
_ERROR = RANK[State.ERROR] - FIRST_OUTCOME

WindowRow = list[Any]
"""A window as it is stored: its counts, retries, time, then its bins with their counts in turn."""


class WindowKey(NamedTuple):
    """Identity of a window: `task` or `step`, their name, the window's length in seconds, its start in microseconds."""

    kind: str
    name: str
    length_s: int
    start: int

    @classmethod
    def of_record_key(cls, record_key: bytes) -> Self:
        """Return the key whose `record_key` this is."""
        return cls(*orjson.loads(record_key))

    @property
    def record_key(self) -> bytes:
        """The key of the window's records on the topic.

        >>> WindowKey("task", "order", 60, 1_700_000_040_000_000).record_key
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
        """Return the number of tasks or steps that ended."""
        return sum(self.outcomes)

    def add(self, part: Contribution, times: int = 1) -> None:
        """Add a contribution; `times=-1` takes a contribution away that was added before."""
        self.outcomes[part.rank - FIRST_OUTCOME] += times
        self.retries += times * part.retries
        if part.duration is not None:
            self.time += times * part.duration
            self.durations.add(part.duration, times)

    def merge(self, window: "Window", times: int = 1) -> None:
        """Add all contributions of another window; `times=-1` takes them away."""
        self.outcomes = [a + times * b for a, b in zip(self.outcomes, window.outcomes, strict=True)]
        self.retries += times * window.retries
        self.time += times * window.time
        self.durations.merge(window.durations, times)

    def row(self) -> WindowRow:
        """Return the window as it is stored."""
        time = self.time if -_MAX_STORED < self.time < _MAX_STORED else str(self.time)
        return [*self.outcomes, self.retries, time, *chain.from_iterable(self.durations.bins.items())]

    def copy(self) -> Self:
        """Return an equal window that can be changed independently."""
        return type(self)(self.outcomes.copy(), self.retries, self.time, Sketch(self.durations.bins.copy()))

    @classmethod
    def of_row(cls, row: WindowRow) -> Self:
        """Return the window that `row` stored."""
        size = len(OUTCOMES)
        bins = iter(row[size + 2 :])
        return cls(row[:size], row[size], int(row[size + 1]), Sketch(dict(zip(bins, bins, strict=True))))

    @classmethod
    def of_value(cls, value: Mapping[str, Any]) -> Self:
        """Return the window of a record `StatsWindow`."""
        outcomes = [0] * len(OUTCOMES)
        for name, index in _INDEX_OF_OUTCOME.items():
            outcomes[index] = value[name]
        bins = {int(index): count for index, count in value["duration_bins"].items()}
        return cls(outcomes, value["retries"], round(value["duration_sum_s"] * _SECOND), Sketch(bins))

    def figures(self) -> dict[str, Any]:
        """Return the window as numbers by name; durations in seconds, None where no duration is known."""
        count, measured = self.count, self.durations.count
        return {
            "count": count,
            **{name: self.outcomes[index] for name, index in _INDEX_OF_OUTCOME.items()},
            "failure_ratio": self.outcomes[_ERROR] / count if count else None,
            "retries": self.retries,
            "measured": measured,
            "duration_sum_s": self.time / _SECOND,
            "duration_mean_s": self.time / measured / _SECOND if measured else None,
            **dict(zip(_PERCENTS, self.durations.percentiles([*_PERCENTS.values()], self.time), strict=True)),
        }

    def value(self, key: WindowKey, revision: int) -> dict[str, Any]:
        """Return the fields of `StatsWindow` but `partition`."""
        return {
            "kind": key.kind,
            "name": key.name,
            "window_start": key.start,
            "window_s": key.length_s,
            **self.figures(),
            "duration_bins": {str(index): count for index, count in sorted(self.durations.bins.items())},
            "revision": revision,
        }


MinuteRow = tuple[str, int, WindowRow]
"""A name, the start of a minute, and its window as it is stored."""


def minute_rows(parts: Iterable[Contribution]) -> list[MinuteRow]:
    """Return the sums of contributions by name and minute."""
    windows: dict[tuple[str, int], Window] = {}
    for part in parts:
        windows.setdefault((part.name, start_of(part.ended_at, MINUTE_S)), Window()).add(part)
    return [(name, start, window.row()) for (name, start), window in windows.items()]


def start_of(time: int, length_s: int) -> int:
    """Return the start of the window that contains a time; microseconds, `length_s` in seconds.

    >>> start_of(1_700_000_059_999_999, 60)
    1700000040000000
    """
    return time - time % (length_s * _SECOND)


def window_key_of(value: Mapping[str, Any]) -> WindowKey:
    """Return the identity of the window in a record `StatsWindow`."""
    return WindowKey(value["kind"], value["name"], value["window_s"], value["window_start"])


def merge(values: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sum of the partitions' records for each window; of each partition at most one record is given.

    The result has the fields of `StatsWindow` but `partition`, can be merged again, and is sorted by kind, name, length
    and time. Windows that have become empty are left out.
    """
    sums: dict[WindowKey, tuple[Window, int]] = {}
    for value in values:
        window, revision = sums.get(key := window_key_of(value), (Window(), 0))
        window.merge(Window.of_value(value))
        sums[key] = window, max(revision, value["revision"])
    items = sorted(sums.items(), key=itemgetter(0))
    return [window.value(key, revision) for key, (window, revision) in items if window.count]
