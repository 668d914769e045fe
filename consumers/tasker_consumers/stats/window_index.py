"""The windows of the partitions that a worker holds, beside its states: the sums of the states' contributions.

The windows follow from the states alone and are written together with them, so they are as exact as the states, and
are rebuilt from them after a restore (docs/decisions/0014). A window that changed is marked, and published on the topic
some seconds later; the marks are in the changelog, written before the states, so that no change is lost.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field

from tasker_consumers.engine.processor import PART, Effects, Entries, States
from tasker_consumers.stats.clocks import SECOND, StateClock
from tasker_consumers.stats.core.counting import Change, WindowDelta, WindowDeltas
from tasker_consumers.stats.core.derive import is_terminal
from tasker_consumers.stats.core.storage import load
from tasker_consumers.stats.core.windows import STEP, TASK, WindowKey
from tasker_consumers.stats.lifetime import MARGIN_S, WindowRetention
from tasker_consumers.stats.stored_windows import (
    StoredWindow,
    WindowCache,
    entry_key,
    is_empty,
    stored_windows,
)
from tasker_consumers.stats.window_names import Admission, NameKey, WindowNames, name_entries
from tasker_consumers.stats.window_rebuild import OPEN_TASKS, WindowRebuild

_MARK = b"\x00\x00emit:"  # prefix of entries of our own, which are no parts of a state
#: Seconds between two searches for windows that are closed.
_CLEANUP_S = 600.0
_SLICE = 1000  # windows of a search between which other coroutines have their turn
_TURN = 50  # the same for windows that are written

_OVER_LIMIT = (
    "%d %s names have windows of their own in partition %d: %r and all further names share the windows of `other` "
    "(TASKER_STATS_WINDOW_NAMES). Do names hold ids?"
)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Partition:
    """The memory of a partition held."""

    states: States
    #: Windows to publish, by record key, with the arrival of their first event.
    changed: dict[bytes, int]
    open_tasks: int
    names: WindowNames
    #: Names of which the changelog may have no entry.
    unlogged_names: set[NameKey]
    #: The changed windows whose mark is in the changelog.
    marked: set[bytes] = field(default_factory=set)
    cleaned_at: float = -_CLEANUP_S


class WindowIndex:
    """The windows of all partitions held (`engine.processor.Index`)."""

    version = b"2"

    def __init__(
        self, topic: str, retention_s: float, *, clock: StateClock, most_names: int, emit_seconds: float = 2.0
    ) -> None:
        self.emit_seconds = emit_seconds
        self._topic = topic
        self._retention = WindowRetention(retention_s)
        self._most_names = most_names
        #: How often a task or step of a name without a place was counted, by kind.
        self.shared = dict.fromkeys((TASK, STEP), 0)
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
        admission = held.names.admit(deltas.windows())
        for count, (key, delta) in enumerate(admission.windows, 1):
            window = self._changed(held.states, key, delta)
            if window is not None:
                index[entry_key(key)] = self._cache.put(partition, entry_key(key), window)
                changed[key.record_key] = window.content.first_heard_at or 0
            if not count % _TURN:
                await asyncio.sleep(0)
        if opened:
            index[OPEN_TASKS] = b"%d" % (held.open_tasks + opened)
        unmarked = {key: arrival for key, arrival in {**held.changed, **changed}.items() if key not in held.marked}

        def written() -> None:
            held.changed.update(changed)
            held.marked.update(unmarked)
            held.open_tasks += opened
            self._admitted(held, admission)

        names = name_entries({*held.unlogged_names, *admission.admitted})
        marks = {_MARK + key: b"%d" % arrival for key, arrival in unmarked.items()}
        return Effects(entries={**names, **marks}, index=index, written=written)

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
            held.names.release(unused)
            held.unlogged_names.difference_update(unused)

        closed, unused = await self._long_closed(held)
        marks = {_MARK + record_key: None for record_key in published}
        return Effects(
            outputs={self._topic: records},
            entries={**marks, **name_entries(unused, present=False)},
            index=closed,
            written=written,
        )

    def rebuild(self, states: States) -> AsyncIterator[Entries]:
        """Yield the windows that the states of a partition add up to, in parts."""
        return WindowRebuild(states, self._clock, self._retention, self._most_names).parts()

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
        admission = WindowNames.stored(self._most_names, states, items).admit(deltas.windows())
        changed = ((window_key, self._changed(states, window_key, delta)) for window_key, delta in admission.windows)
        index = {entry_key(window_key): window.entry() for window_key, window in changed if window is not None}
        return {**index, OPEN_TASKS: b"%d" % (int(states.read(OPEN_TASKS) or 0) + opened)}

    def held(self, states: States) -> None:
        """Start to serve a partition of which this worker holds the states."""
        # Whether the changelog has the marks and the names is unknown: they are written again.
        names = WindowNames.stored(self._most_names, states)
        changed = {key.removeprefix(_MARK): int(arrival) for key, arrival in states.scan(_MARK)}
        self._held[states.partition] = _Partition(
            states, changed, int(states.read(OPEN_TASKS) or 0), names, set(names.all)
        )

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
        is_closed = self._retention.is_closed(key, content.first_heard_at, now_us)
        return None if is_closed else StoredWindow(content, max(self._clock.for_revisions(), revision + 1))

    def _record(self, states: States, key: WindowKey, first_heard_at: int) -> bytes | None:
        """Return a window's record, None if the window is closed; a window without an entry has become empty."""
        entry = states.read(entry_key(key))
        if self._retention.is_closed(key, first_heard_at, self._clock.now()):
            return None
        content, revision = StoredWindow.of_entry(entry)
        return StoredWindow(content, revision or self._clock.for_revisions()).record(key, states.partition)

    async def _long_closed(self, held: _Partition) -> tuple[dict[bytes, None], list[NameKey]]:
        """Return the entries to delete, and the names that have no others; searched from time to time, with pauses."""
        long_ago = self._clock.now() - MARGIN_S * SECOND
        if long_ago < 0 or time.monotonic() < held.cleaned_at + _CLEANUP_S:
            return {}, []
        held.cleaned_at = time.monotonic()
        closed, in_use = dict[bytes, None](), set[tuple[str, str]]()
        # The partition is locked meanwhile, so the iterator may stay open.
        for count, (key, entry) in enumerate(stored_windows(held.states), 1):
            if self._retention.may_be_closed(key, long_ago) and self._retention.is_closed(
                key, StoredWindow.of_entry(entry).content.first_heard_at, long_ago
            ):
                closed[entry_key(key)] = None
            else:
                in_use.add((key.kind, key.name))
            if not count % _SLICE:
                await asyncio.sleep(0)
        return closed, held.names.unused(in_use)

    def _admitted(self, held: _Partition, admission: Admission) -> None:
        """Note an admission that is written; tell the first name of each kind that finds no place."""
        held.names.note(admission)
        held.unlogged_names.clear()
        for kind, name in admission.shared:
            if not self.shared[kind]:
                logger.warning(_OVER_LIMIT, self._most_names, kind, held.states.partition, name)
            self.shared[kind] += 1
