"""Scans through stored entries, a little at a time, which end when the partitions go to other workers.

A walk that was left open would keep RocksDB's lock on a database that has to be closed, and could read on in states
that another worker has taken over.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from tasker_consumers.engine.processor import Read
from tasker_consumers.engine.state.store import StateStore
from tasker_schemas.errors import BackendUnavailable

#: How long a scan may have the event loop at a time; a run in work has three times as much.
SLICE_SECONDS = 0.005

T = TypeVar("T")


class Scans:
    """The scans of a worker, never two at a time: many questions slow its work no more than a single question."""

    def __init__(self, store: StateStore) -> None:
        self.store = store
        self._turn = asyncio.Lock()
        self._open: Generator[Any, None, None] | None = None
        self._epoch = 0

    def close(self) -> None:
        """End the walk that is under way: its partitions go."""
        self._epoch += 1
        if self._open is not None:
            self._open.close()

    async def iterate(self, make: Callable[[], Iterator[T]]) -> AsyncGenerator[T, None]:
        """Yield the items of an iterator; raises BackendUnavailable when `close` was called meanwhile."""
        epoch = self._epoch
        async with self._turn:
            self._check(epoch)
            self._open = walk = (item for item in make())
            until = time.perf_counter() + SLICE_SECONDS
            try:
                for item in walk:
                    yield item
                    if time.perf_counter() > until:
                        await asyncio.sleep(0)
                        self._check(epoch)
                        until = time.perf_counter() + SLICE_SECONDS
            finally:
                walk.close()
                self._open = None
            self._check(epoch)

    def _check(self, epoch: int) -> None:
        if epoch != self._epoch:
            raise BackendUnavailable("the partitions are being moved between workers: ask again")


@dataclass(frozen=True, slots=True)
class StoredLocalStates:
    """The stored states of a worker while it answers a question (`questions.LocalStates`)."""

    partitions: Collection[int]
    scans: Scans

    def states(self) -> AsyncGenerator[tuple[bytes, Read], None]:
        """See `questions.LocalStates`."""
        return self.scans.iterate(self._heads)

    def iterate(self, make: Callable[[], Iterator[T]]) -> AsyncGenerator[T, None]:
        """See `questions.LocalStates`."""
        return self.scans.iterate(make)

    def _heads(self) -> Iterator[tuple[bytes, Read]]:
        for partition in self.partitions:
            read = self.scans.store.reader(partition)
            for key in self.scans.store.heads(partition):
                yield key, read
