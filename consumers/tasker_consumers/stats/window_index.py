"""The windows of the partitions that a worker holds, beside its states: the sums of the states' contributions.

The windows follow from the states alone and are written together with them, so they are as exact as the states, and
are rebuilt from them after a restore (docs/decisions/0014). A window that changed is marked, and published on the topic
some seconds later; the marks are in the changelog, written before the states, so that no change is lost.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tasker_consumers.engine.processor import INDEX, PART, Effects, Entries, States
from tasker_consumers.stats.clocks import SECOND, StateClock
from tasker_consumers.stats.core.counting import Change, WindowDelta, WindowDeltas
from tasker_consumers.stats.core.derive import is_terminal
from tasker_consumers.stats.core.storage import load
from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S, WindowKey
from tasker_consumers.stats.lifetime import MARGIN_S, closes_at
from tasker_consumers.stats.stored_windows import (
    StoredWindow,
    WindowCache,
    entry_key,
    is_empty,
    stored_windows,
    window_key_of_entry,
)
from tasker_schemas.avro.codec import encode
from tasker_schemas.avro.versions import STATS_WINDOW

_OPEN = INDEX + b"open"
_MARK = b"\x00\x00emit:"  # prefix of entries of our own, which are no parts of a state
#: Seconds between two searches for windows that are closed.
_CLEANUP_S = 600.0
_DAY = 86_400 * SECOND
_SLICE = 1000  # tasks of a rebuild whose windows are added up together
_TURN = 50  # windows, or tasks, between which other coroutines have their turn


@dataclass(slots=True)
class _Partition:
    """The memory of a partition held."""

    states: States
    #: Windows to publish, by record key, with the arrival of their first event.
    changed: dict[bytes, int]
    open_tasks: int
    #: The changed windows whose mark is in the changelog.
    marked: set[bytes] = field(default_factory=set)
    cleaned_at: float = -_CLEANUP_S


class WindowIndex:
    """The windows of all partitions held (`engine.processor.Index`)."""

    version = b"1"

    def __init__(self, topic: str, retention_s: float, *, clock: StateClock, emit_seconds: float = 2.0) -> None:
        self.emit_seconds = emit_seconds
        self._topic = topic
        retention = round(retention_s * SECOND)
        # A week of minutes would be most of a worker's store; hours tell as much after a day.
        self._retentions = {MINUTE_S: min(retention, _DAY), HOUR_S: retention}
        self._clock = clock
        self._held: dict[int, _Partition] = {}
        self._cache = WindowCache()

    def walk(
        self, *, kind: str | None = None, name: str | None = None, length_s: int | None = None, since: int | None = None
    ) -> Iterator[tuple[WindowKey, bytes]]:
        """Iterate over the entries of the windows that match: for each window an entry per partition.

        `since` is in microseconds: windows that begin earlier are left out, and so are windows that became empty.
        """
        for partition in list(self._held.values()):
            for key, entry in stored_windows(partition.states, (kind, name, length_s)):
                if (since is None or key.start >= since) and not is_empty(entry):
                    yield key, entry

    def open_tasks(self) -> int:
        """Return the number of tasks of these partitions that are not over."""
        return sum(partition.open_tasks for partition in self._held.values())

    async def change(
        self, partition: int, changes: Iterable[Change], opened: int, forgotten: WindowDeltas | None = None
    ) -> Effects:
        """Return the effects of a batch on the windows; `opened` is the change of the number of open tasks.

        `forgotten` takes tasks away that are forgotten: a rebuild would not find them either.
        """
        held, deltas = self._held[partition], forgotten or WindowDeltas()
        deltas.add(changes)
        index: dict[bytes, bytes | None] = {}
        changed: dict[bytes, int] = {}
        for count, (key, delta) in enumerate(deltas.windows(), 1):
            window = self._changed(held.states, key, delta)
            if window is not None:
                index[entry_key(key)] = self._cache.put(partition, entry_key(key), window)
                changed[key.record_key] = window.content.first_heard_at or 0
            if not count % _TURN:
                await asyncio.sleep(0)
        if opened:
            index[_OPEN] = b"%d" % (held.open_tasks + opened)
        unmarked = {key: arrival for key, arrival in {**held.changed, **changed}.items() if key not in held.marked}

        def written() -> None:
            held.changed.update(changed)
            held.marked.update(unmarked)
            held.open_tasks += opened

        return Effects(
            entries={_MARK + key: b"%d" % arrival for key, arrival in unmarked.items()}, index=index, written=written
        )

    async def emit(self, states: States) -> Effects:
        """Return the records of the windows that changed since the last call, and delete windows long closed."""
        held = self._held[states.partition]
        published = dict(held.changed)
        records: dict[bytes, bytes] = {}
        for count, (record_key, first_heard_at) in enumerate(published.items(), 1):
            value = self._record(states, WindowKey.of_record_key(record_key), first_heard_at)
            if value is not None:
                records[record_key] = value
            if not count % _TURN:
                await asyncio.sleep(0)

        def written() -> None:
            for record_key in published:
                del held.changed[record_key]
            held.marked.difference_update(published)

        return Effects(
            outputs={self._topic: records},
            entries={_MARK + record_key: None for record_key in published},
            index=await self._long_closed(held),
            written=written,
        )

    async def rebuild(self, states: States) -> Mapping[bytes, bytes]:
        """Return the windows that the states of a partition add up to."""
        deltas, open_tasks, newest, totals = WindowDeltas(), 0, 0, dict[bytes, bytes]()
        keys = list[bytes]()
        for key in states.heads():
            keys.append(key)
            if not len(keys) % _SLICE:
                await asyncio.sleep(0)
        for count, key in enumerate(keys, 1):
            state = load(key, states.read)
            if state is not None:
                deltas.add_task(state)
                open_tasks += not is_terminal(state)
                newest = max(newest, state.last_heard_at)
            if not count % _TURN:
                await asyncio.sleep(0)
            if not count % _SLICE:
                await _add_to(totals, deltas)
                deltas = WindowDeltas()
        await _add_to(totals, deltas)
        long_ago = max(self._clock.now(), min(self._clock.wall(), newest)) - MARGIN_S * SECOND
        revision = min(self._clock.for_revisions(), newest + _DAY)  # a clock that is far ahead must not outdo others
        for count, key in enumerate(list(totals), 1):
            content = StoredWindow.of_entry(totals[key]).content
            if self._is_closed(window_key_of_entry(key), content.first_heard_at, long_ago):
                del totals[key]
            else:
                totals[key] = StoredWindow(content, revision).entry()
            if not count % _TURN:
                await asyncio.sleep(0)
        totals[_OPEN] = b"%d" % open_tasks
        return totals

    def follow(self, states: States, items: Entries) -> Entries:
        """Return the changes of the windows that follow from entries of the changelog."""
        deltas, opened = WindowDeltas(), 0

        def read(key: bytes) -> bytes | None:
            return items[key] if key in items else states.read(key)

        for key in {key.partition(PART)[0] for key in items if not key.startswith(PART)}:
            for reader, times in ((states.read, -1), (read, 1)):
                state = load(key, reader)
                if state is not None:
                    deltas.add_task(state, times)
                    opened += times * (not is_terminal(state))
        changed = ((window_key, self._changed(states, window_key, delta)) for window_key, delta in deltas.windows())
        index = {entry_key(window_key): window.entry() for window_key, window in changed if window is not None}
        return {**index, _OPEN: b"%d" % (int(states.read(_OPEN) or 0) + opened)}

    def held(self, states: States) -> None:
        """Start to serve a partition of which this worker holds the states."""
        # Whether the changelog has the marks is unknown: they are written again.
        changed = {key.removeprefix(_MARK): int(arrival) for key, arrival in states.scan(_MARK)}
        self._held[states.partition] = _Partition(states, changed, int(states.read(_OPEN) or 0))

    def released(self, partition: int) -> None:
        """Stop serving a partition."""
        del self._held[partition]

    def _changed(self, states: States, key: WindowKey, delta: WindowDelta) -> StoredWindow | None:
        """Return a window with a delta added; None for a window that is closed."""
        entry, now_us = states.read(entry_key(key)), self._clock.now()
        if entry is None and min(delta.window.outcomes) < 0:
            return None  # the window was closed and deleted
        content, revision = self._cache.get(states.partition, entry_key(key), entry)
        content.merge(delta.window, delta.first_heard_at)
        is_closed = self._is_closed(key, content.first_heard_at, now_us)
        return None if is_closed else StoredWindow(content, max(self._clock.for_revisions(), revision + 1))

    def _is_closed(self, key: WindowKey, first_heard_at: int | None, now_us: int) -> bool:
        return closes_at(key.start, first_heard_at or 0, self._retentions[key.length_s]) <= now_us

    def _record(self, states: States, key: WindowKey, first_heard_at: int) -> bytes | None:
        """Return a window's record, None if the window is closed; a window without an entry has become empty."""
        entry = states.read(entry_key(key))
        if self._is_closed(key, first_heard_at, self._clock.now()):
            return None
        content, revision = StoredWindow.of_entry(entry)
        window = content.window.value(key, revision or self._clock.for_revisions())
        return encode(STATS_WINDOW, {**window, "partition": states.partition})

    async def _long_closed(self, held: _Partition) -> dict[bytes, None]:
        """Return the entries to delete; searched from time to time, with pauses for other coroutines."""
        long_ago = self._clock.now() - MARGIN_S * SECOND
        if long_ago < 0 or time.monotonic() < held.cleaned_at + _CLEANUP_S:
            return {}
        held.cleaned_at = time.monotonic()
        closed = dict[bytes, None]()
        # The partition is locked meanwhile, so the iterator may stay open.
        for count, (key, entry) in enumerate(stored_windows(held.states), 1):
            if key.start + self._retentions[key.length_s] <= long_ago:
                first_heard_at = StoredWindow.of_entry(entry).content.first_heard_at
                if self._is_closed(key, first_heard_at, long_ago):
                    closed[entry_key(key)] = None
            if not count % _SLICE:
                await asyncio.sleep(0)
        return closed


async def _add_to(totals: dict[bytes, bytes], deltas: WindowDeltas) -> None:
    """Add deltas to stored windows by entry key: an entry takes a twentieth of the memory of a window."""
    for count, (window_key, delta) in enumerate(deltas.windows(), 1):
        key = entry_key(window_key)
        content, revision = StoredWindow.of_entry(totals.get(key))
        content.merge(delta.window, delta.first_heard_at)
        totals[key] = StoredWindow(content, revision).entry()
        if not count % _TURN:
            await asyncio.sleep(0)
