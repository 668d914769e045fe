"""The windows of the partitions that a worker holds, beside its states: what the states count for, added up.

It follows from the states alone, and is written in the same breath: so it is as exact as they are, and is made anew
from them when they were restored (docs/decisions/0014). What changed is marked, and told on the topic some moments
later; the marks are in the changelog, written before the states, so no change is ever forgotten.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tasker_consumers.engine.processor import INDEX, PART, Effects, Entries, States
from tasker_consumers.stats.core.counting import Change, Minutes, Sum
from tasker_consumers.stats.core.derive import is_terminal
from tasker_consumers.stats.core.record import WINDOW, to_bytes
from tasker_consumers.stats.core.storage import load
from tasker_consumers.stats.core.windows import Place
from tasker_consumers.stats.lifetime import MARGIN_S, SECOND, closes_at
from tasker_consumers.stats.window_cells import Cell, CellCache, cell_key, cells

_OPEN = INDEX + b"open"
_MARK = b"\x00\x00emit:"  # an entry of our own, no part of a state
#: Between two looks for windows that are closed.
_TIDY_S = 600.0
_TURN = 50  # windows, or tasks, between which others have their turn


@dataclass(slots=True)
class _Partition:
    """What is remembered of a partition held."""

    states: States
    #: Windows that are to be told, by key, with the first hearing of their tasks.
    changed: dict[bytes, int]
    open_tasks: int
    #: Those of them whose mark is in the changelog.
    marked: set[bytes] = field(default_factory=set)
    tidied: float = field(default_factory=time.monotonic)


class WindowIndex:
    """The windows of all partitions held (`engine.processor.Index`)."""

    version = b"1"

    def __init__(self, topic: str, retention_s: float, *, clock: Callable[[], int], emit_seconds: float = 2.0) -> None:
        self.emit_seconds = emit_seconds
        self._topic = topic
        self._retention = round(retention_s * SECOND)
        self._clock = clock
        self._held: dict[int, _Partition] = {}
        self._cache = CellCache()

    def walk(
        self, *, kind: str | None = None, name: str | None = None, length_s: int | None = None, since: int | None = None
    ) -> Iterator[tuple[Place, bytes]]:
        """Iterate over the cells of the windows that match: of each window one for each partition.

        `since` is in microseconds: windows that begin before it are left out.
        """
        for held in list(self._held.values()):
            for place, row in cells(held.states, (kind, name, length_s)):
                if since is None or place.start >= since:
                    yield place, row

    def open_tasks(self) -> int:
        """Return how many tasks of these partitions are not over."""
        return sum(held.open_tasks for held in self._held.values())

    async def change(self, partition: int, changes: Iterable[Change], opened: int) -> Effects:
        """Return what a run changes here; `opened` is how many tasks more are not over than before."""
        held, sums = self._held[partition], Minutes()
        sums.add(changes)
        index: dict[bytes, bytes | None] = {}
        news: dict[bytes, int] = {}
        for count, (place, delta) in enumerate(sums.windows(), 1):
            cell = self._changed(held.states, place, delta)
            if cell is not None:
                key = cell_key(place)
                index[key] = self._cache.put(partition, key, cell)
                news[place.key] = cell.found.seen_at or 0
            if not count % _TURN:
                await asyncio.sleep(0)
        if opened:
            index[_OPEN] = b"%d" % (held.open_tasks + opened)
        unmarked = {key: seen_at for key, seen_at in {**held.changed, **news}.items() if key not in held.marked}

        def written() -> None:
            held.changed.update(news)
            held.marked.update(unmarked)
            held.open_tasks += opened

        return Effects(
            entries={_MARK + key: b"%d" % seen_at for key, seen_at in unmarked.items()}, index=index, written=written
        )

    async def emit(self, states: States) -> Effects:
        """Return the windows that changed since the last time as records, and forget those that are long closed."""
        held = self._held[states.partition]
        told = dict(held.changed)
        records: dict[bytes, bytes] = {}
        for count, (key, seen_at) in enumerate(told.items(), 1):
            value = self._record(states, Place.of_key(key), seen_at)
            if value is not None:
                records[key] = value
            if not count % _TURN:
                await asyncio.sleep(0)

        def written() -> None:
            for key in told:
                del held.changed[key]
            held.marked.difference_update(told)

        return Effects(
            outputs={self._topic: records},
            entries={_MARK + key: None for key in told},
            index=self._long_closed(held),
            written=written,
        )

    async def rebuild(self, states: States) -> Mapping[bytes, bytes]:
        """Return the windows that the states of a partition add up to."""
        sums, going_on, now = Minutes(), 0, self._clock()
        for count, key in enumerate(list(states.heads()), 1):
            state = load(key, states.read)
            if state is not None:
                sums.add_task(state)
                going_on += not is_terminal(state)
            if not count % _TURN:
                await asyncio.sleep(0)
        found = {
            cell_key(place): Cell(total, now).row()
            for place, total in sums.windows()
            if not self._is_closed(place, total.seen_at, now - MARGIN_S * SECOND)
        }
        return {**found, _OPEN: b"%d" % going_on}

    def follow(self, states: States, items: Entries) -> Entries:
        """Return what entries that come back from the changelog change in the windows."""
        sums, opened = Minutes(), 0

        def read(key: bytes) -> bytes | None:
            return items[key] if key in items else states.read(key)

        for key in {key.partition(PART)[0] for key in items if not key.startswith(PART)}:
            for reader, times in ((states.read, -1), (read, 1)):
                state = load(key, reader)
                if state is not None:
                    sums.add_task(state, times)
                    opened += times * (not is_terminal(state))
        changed = ((place, self._changed(states, place, delta)) for place, delta in sums.windows())
        index = {cell_key(place): cell.row() for place, cell in changed if cell is not None}
        return {**index, _OPEN: b"%d" % (int(states.read(_OPEN) or 0) + opened)}

    def held(self, states: States) -> None:
        """Note a partition that this worker holds now."""
        # Whether the changelog has the marks is not known: they are written again.
        changed = {key.removeprefix(_MARK): int(seen_at) for key, seen_at in states.scan(_MARK)}
        self._held[states.partition] = _Partition(states, changed, int(states.read(_OPEN) or 0))

    def released(self, partition: int) -> None:
        """Note one that it holds no more."""
        del self._held[partition]

    def _changed(self, states: States, place: Place, delta: Sum) -> Cell | None:
        """Return a window with what a run adds to it; None for one that is closed."""
        key, now = cell_key(place), self._clock()
        row = states.read(key)
        if row is None and min(delta.window.outcomes) < 0:
            return None  # it was closed, and is gone
        found, revision = self._cache.get(states.partition, key, row)
        found.merge(delta.window, delta.seen_at)
        return None if self._is_closed(place, found.seen_at, now) else Cell(found, max(now, revision + 1))

    def _is_closed(self, place: Place, seen_at: int | None, now: int) -> bool:
        return closes_at(place.start, seen_at or 0, self._retention) <= now

    def _record(self, states: States, place: Place, seen_at: int) -> bytes | None:
        """Return a window's record, None if it is closed; without a cell it has become empty."""
        row, now = states.read(cell_key(place)), self._clock()
        if self._is_closed(place, seen_at, now):
            return None
        found, revision = Cell.of(row)
        return to_bytes({**found.window.value(place, revision or now), "partition": states.partition}, WINDOW)

    def _long_closed(self, held: _Partition) -> dict[bytes, None]:
        """Return the cells to be deleted; looked for from time to time."""
        if time.monotonic() < held.tidied + _TIDY_S:
            return {}
        held.tidied, long_ago = time.monotonic(), self._clock() - MARGIN_S * SECOND
        old = [(place, row) for place, row in cells(held.states) if place.start + self._retention <= long_ago]
        return {
            cell_key(place): None for place, row in old if self._is_closed(place, Cell.of(row).found.seen_at, long_ago)
        }
