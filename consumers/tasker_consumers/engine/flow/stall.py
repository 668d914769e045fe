"""Notices that a worker has stopped taking records although more of them arrive.

A partition that is held on purpose, because its backend or a write is slow, does not count: it goes on by itself. A
partition whose records nobody works at would wait for ever: a supervisor should start the worker again.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Partition = tuple[str, int]


class Position(NamedTuple):
    """Where the group is in a partition: offsets, and whether the worker is at work for it."""

    committed: int
    end: int
    held: bool = False


class _Mark(NamedTuple):
    """Where a partition stood; `since` is when records were first seen to arrive there while none was taken."""

    committed: int
    end: int
    since: float | None = None


@dataclass(slots=True)
class StallWatch:
    """Compares the positions of partitions over time; `limit_s` is how long growing partitions may stand still.

    >>> seconds = iter([0.0, 10.0, 71.0])
    >>> watch = StallWatch(60.0, lambda: next(seconds))
    >>> watch.observe({("events", 3): Position(committed=100, end=100)})
    >>> watch.observe({("events", 3): Position(committed=100, end=150)})
    >>> watch.observe({("events", 3): Position(committed=100, end=220)})
    'events/3 stands still: 120 records wait, and none was taken for 61 s'
    """

    limit_s: float
    clock: Callable[[], float] = time.monotonic
    _marks: dict[Partition, _Mark] = field(default_factory=dict, init=False)

    def observe(self, positions: Mapping[Partition, Position]) -> str | None:
        """Return, for people, which partition stands still for too long; None when none does."""
        now, stalled = self.clock(), None
        marks: dict[Partition, _Mark] = {}
        for partition, position in positions.items():
            mark = self._marks.get(partition)
            if mark is None or position.held or position.committed != mark.committed:
                mark = _Mark(position.committed, position.end)
            elif position.end <= max(mark.end, position.committed):
                pass  # nothing has arrived: a silent partition, or a control record at its end
            elif mark.since is None:
                mark = mark._replace(since=now)
            elif now - mark.since > self.limit_s:
                topic, number = partition
                stalled = stalled or (
                    f"{topic}/{number} stands still: {position.end - position.committed} records wait, "
                    f"and none was taken for {now - mark.since:.0f} s"
                )
            marks[partition] = mark
        self._marks = marks
        return stalled
