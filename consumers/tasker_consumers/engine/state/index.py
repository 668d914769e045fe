"""Where an application's index meets the states: made anew when they were restored, told which partitions it has."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from tasker_consumers.engine.processor import INDEX, Entries, Index, Read, States
from tasker_consumers.engine.state.store import INDEX_VERSION, StateStore

#: Entries of a partition with which an index is followed up when they come back; beyond, it is made anew.
MOST_FOLLOWED = 10_000

#: Entries that are read or written before other coroutines have their turn.
_SLICE = 1000
#: An index that takes longer to be made is told.
_LONG_S = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredStates:
    """The states of a partition in a store (`processor.States`)."""

    partition: int
    store: StateStore

    @property
    def read(self) -> Read:
        """See `processor.States`."""
        return self.store.reader(self.partition)

    def heads(self) -> Iterator[bytes]:
        """See `processor.States`."""
        return self.store.heads(self.partition)

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """See `processor.States`."""
        return self.store.scan(self.partition, prefix)


class Indexing:
    """Keeps an index in step with the partitions of a worker; without an index it does nothing."""

    def __init__(self, index: Index | None, store: StateStore) -> None:
        self._index = index
        self._store = store
        self._held: dict[int, StoredStates] = {}
        self._followed: Counter[int] = Counter()

    def follow(self, partition: int, items: Entries) -> Entries:
        """Return the index entries to store with entries that come back from the changelog."""
        states = StoredStates(partition, self._store)
        self._followed[partition] += len(items)
        if self._index is None or self._followed[partition] > MOST_FOLLOWED or not self._is_right(self._index, states):
            return {INDEX_VERSION: None}
        return self._index.follow(states, items)

    async def take(self, partitions: Iterable[int]) -> None:
        """Hand the index the partitions that are held from now on, after their states were restored."""
        if self._index is None:
            return
        for partition in sorted(partitions):
            states = StoredStates(partition, self._store)
            if not self._is_right(self._index, states):
                await self._rebuild(self._index, states)
            if self._followed.pop(partition, 0):
                self.release(partition)
            if partition not in self._held:
                self._held[partition] = states
                self._index.held(states)

    def release(self, partition: int) -> None:
        """Take a partition from the index again."""
        if self._index is not None and self._held.pop(partition, None) is not None:
            self._index.released(partition)

    def release_all(self) -> None:
        """Take all partitions from it."""
        for partition in list(self._held):
            self.release(partition)

    def held(self, partition: int) -> States | None:
        """Return the states of a partition that the index has."""
        return self._held.get(partition)

    def _is_right(self, index: Index, states: StoredStates) -> bool:
        return states.read(INDEX_VERSION) == index.version

    async def _rebuild(self, index: Index, states: StoredStates) -> None:
        begun = time.monotonic()
        # Without its version an index that is written in part is made anew.
        self._store.write(states.partition, {INDEX_VERSION: None})
        await self._write(states.partition, ((key, None) for key, _ in states.scan(INDEX)))
        count = 0
        async for entries in index.rebuild(states):
            count += await self._write(states.partition, entries.items())
        self._store.write(states.partition, {INDEX_VERSION: index.version})
        took = time.monotonic() - begun
        level = logging.INFO if took > _LONG_S else logging.DEBUG
        logger.log(level, "Index of partition %d: %d entries, made anew in %.1f s", states.partition, count, took)

    async def _write(self, partition: int, items: Iterable[tuple[bytes, bytes | None]]) -> int:
        """Write entries in slices, between which others have their turn, and return how many there were."""
        count, items = 0, iter(items)
        while part := dict(islice(items, _SLICE)):
            self._store.write(partition, part)
            count += len(part)
            await asyncio.sleep(0)
        return count
