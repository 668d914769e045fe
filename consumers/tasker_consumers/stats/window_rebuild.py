"""Windows made of all states of a partition, in parts: memory does not grow with the number of windows."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from tasker_consumers.engine.processor import INDEX, Entries, States
from tasker_consumers.stats.clocks import SECOND, StateClock
from tasker_consumers.stats.core.counting import WindowDeltas
from tasker_consumers.stats.core.derive import is_terminal
from tasker_consumers.stats.core.storage import load
from tasker_consumers.stats.lifetime import MARGIN_S, WindowRetention
from tasker_consumers.stats.stored_windows import StoredWindow, entry_key, stored_windows, window_key_of_entry
from tasker_consumers.stats.window_names import WindowNames, name_entries

OPEN_TASKS = INDEX + b"open"
#: Entries that a rebuild keeps in memory; 250 bytes each.
MOST_IN_MEMORY = 50_000
_SLICE = 1000  # tasks of a rebuild whose windows are added up together
_TURN = 50  # windows, or tasks, between which other coroutines have their turn
_DAY = 86_400 * SECOND


class WindowRebuild:
    """Adds up the windows of a partition that has none."""

    def __init__(self, states: States, clock: StateClock, retention: WindowRetention, most_names: int) -> None:
        self._states = states
        self._clock = clock
        self._retention = retention
        self._names = WindowNames.stored(most_names, states)
        #: Windows by entry key: an entry takes a twentieth of the memory of a window.
        self._totals: dict[bytes, bytes] = {}
        self._spilled = False
        self._newest = self._open_tasks = 0

    async def parts(self) -> AsyncIterator[Entries]:
        """Yield entries to write; each part has to be written before the next part is asked for."""
        deltas = WindowDeltas()
        for count, key in enumerate(await self._heads(), 1):
            self._add_state(deltas, key)
            if not count % _TURN:
                await asyncio.sleep(0)
            if not count % _SLICE:
                await self._add(deltas)
                deltas = WindowDeltas()
            if len(self._totals) > MOST_IN_MEMORY:
                yield self._totals
                self._totals, self._spilled = {}, True
        await self._add(deltas)
        items: Iterable[tuple[bytes, bytes]] = self._totals.items()
        if self._spilled:
            yield self._totals
            items = ((entry_key(key), entry) for key, entry in stored_windows(self._states))
        async for part in self._finished(items):
            yield part
        yield {OPEN_TASKS: b"%d" % self._open_tasks}

    async def _heads(self) -> list[bytes]:
        keys = list[bytes]()
        for key in self._states.heads():
            keys.append(key)
            if not len(keys) % _SLICE:
                await asyncio.sleep(0)
        return keys

    def _add_state(self, deltas: WindowDeltas, key: bytes) -> None:
        state = load(key, self._states.read)
        if state is not None:
            deltas.add_task(state)
            self._open_tasks += not is_terminal(state)
            self._newest = max(self._newest, state.last_heard_at)

    async def _add(self, deltas: WindowDeltas) -> None:
        admission = self._names.admit(deltas.windows())
        self._names.note(admission)
        for count, (window_key, delta) in enumerate(admission.windows, 1):
            key = entry_key(window_key)
            entry = self._totals.get(key)
            if entry is None and self._spilled:
                entry = self._states.read(key)
            content, revision = StoredWindow.of_entry(entry)
            content.merge(delta.window, delta.first_heard_at)
            self._totals[key] = StoredWindow(content, revision).entry()
            if not count % _TURN:
                await asyncio.sleep(0)

    async def _finished(self, items: Iterable[tuple[bytes, bytes]]) -> AsyncIterator[Entries]:
        """Yield the open windows with their revision, the closed windows as deleted, and the names that have any."""
        long_ago = max(self._clock.now(), min(self._clock.wall(), self._newest)) - MARGIN_S * SECOND
        # A clock that is far ahead must not outdo others.
        revision = min(self._clock.for_revisions(), self._newest + _DAY)
        part, in_use = dict[bytes, bytes | None](), set[tuple[str, str]]()
        for count, (key, entry) in enumerate(items, 1):
            content, window_key = StoredWindow.of_entry(entry).content, window_key_of_entry(key)
            if self._retention.is_closed(window_key, content.first_heard_at, long_ago):
                part[key] = None
            else:
                part[key] = StoredWindow(content, revision).entry()
                in_use.add((window_key.kind, window_key.name))
            if not count % _TURN:
                await asyncio.sleep(0)
            if not count % _SLICE:
                yield part
                part = {}
        unused = set(self._names.unused(in_use))
        yield {**part, **name_entries(name for name in self._names.all if name not in unused)}
