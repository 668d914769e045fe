"""Records on their way to their partition's lane; those that wait for the same lane are taken together.

When records trickle in, each fetch brings a few of them, and each run would pay for a round trip of its own to Kafka.
While a lane waits for one, the next runs gather here and then share the next. How many runs and decompressed bytes may
gather is limited, which is what bounds a worker's memory: beyond it, whoever delivers has to wait.

Topics are fetched apart, so what happened together arrives some milliseconds apart. An application that wants to see it
together has each lane wait a moment before it takes what has gathered; a lane with enough to do does not wait. In a
backlog every lane waits for a full run: a state that is touched once by many events costs less than one that is touched
often by few.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tasker_consumers.engine.flow.partition_executor import PartitionExecutor

#: Runs that may wait or be in work at a time, over all partitions, and decompressed bytes that these may have; a run
#: that is larger than that is taken alone.
MAX_WAITING = 96
MAX_WAITING_BYTES = 96 << 20
#: How long a lane waits for more of a backlog, until a run is full.
_BACKLOG_S = 2.0

Process = Callable[[int, list[Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FetchedRecords:
    """A run of records, how to tell that it is done with, and whether it still is to be done."""

    records: list[Any]
    ack: Callable[[], Awaitable[None]]
    stale: Callable[[], bool]
    #: Whether more of it can be had at once: then it is worth waiting for.
    more: bool = False
    #: Decompressed bytes of the records.
    size: int = 0


class Room:
    """Counts the runs that a worker holds, and their bytes; whoever brings more than there is room for waits."""

    def __init__(self) -> None:
        self._runs = self._bytes = self._waiting = 0
        self._freed = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether a run waits for room, or the next would have to."""
        return self._waiting > 0 or self._runs >= MAX_WAITING or self._bytes >= MAX_WAITING_BYTES

    def has_room(self, size: int) -> bool:
        """Return whether a run of `size` bytes may come now: one that is larger than all room comes alone."""
        return not self._runs or (self._runs < MAX_WAITING and self._bytes + size <= MAX_WAITING_BYTES)

    async def take(self, size: int) -> None:
        """Wait until there is room for a run of `size` bytes, and take it."""
        self._waiting += 1
        try:
            while not self.has_room(size):
                self._freed.clear()
                await self._freed.wait()
        finally:
            self._waiting -= 1
        self._runs, self._bytes = self._runs + 1, self._bytes + size

    def give_back(self, size: int) -> None:
        """Free the room of a run of `size` bytes."""
        self._runs, self._bytes = self._runs - 1, self._bytes - size
        self._freed.set()


class Batcher:
    """Gathers deliveries by partition, and has each lane process what has gathered for it."""

    def __init__(
        self, executor: PartitionExecutor, process: Process, batch_size: int, gather_seconds: float = 0.0
    ) -> None:
        self._executor = executor
        self._process = process
        self._batch_size = batch_size
        self._gather_seconds = gather_seconds
        self._room = Room()
        self._came = asyncio.Event()
        self._waiting: defaultdict[int, deque[FetchedRecords]] = defaultdict(deque)
        self._drain_tasks: set[asyncio.Task[None]] = set()

    async def put(self, partition: int, delivery: FetchedRecords) -> None:
        """Add a run to those that wait for the partition's lane; waits itself while too many do."""
        if not self._room.has_room(delivery.size):
            self._came.set()  # no lane may wait for more
        await self._room.take(delivery.size)
        if delivery.stale() or self._executor.closed:  # it is delivered again
            self._room.give_back(delivery.size)
            return
        waiting = self._waiting[partition]
        waiting.append(delivery)
        self._came.set()
        if len(waiting) == 1:
            self._send_for(partition)

    def stop_gathering(self) -> None:
        """Have lanes that still gather take the records that wait: the executor is closing."""
        self._came.set()

    def clear(self) -> None:
        """Forget what waits; it is delivered again."""
        for waiting in self._waiting.values():
            for delivery in waiting:
                self._room.give_back(delivery.size)
            waiting.clear()

    def _send_for(self, partition: int) -> None:
        async def errand() -> None:
            await self._executor.start(partition, job)

        def job() -> Coroutine[Any, Any, None]:
            return self._job(partition)

        task = asyncio.create_task(errand())
        self._drain_tasks.add(task)  # asyncio itself holds tasks only weakly
        task.add_done_callback(self._drain_tasks.discard)

    async def _job(self, partition: int) -> None:
        await self._gather(partition)
        taken = self._take(partition)
        try:
            if taken:
                await self._process(partition, [record for delivery in taken for record in delivery.records])
            for delivery in taken:
                await delivery.ack()
        finally:
            for delivery in taken:
                self._room.give_back(delivery.size)
        if self._waiting[partition]:
            self._send_for(partition)

    async def _gather(self, partition: int) -> None:
        loop = asyncio.get_running_loop()
        begun, waiting = loop.time(), self._waiting[partition]
        while not self._is_full(partition):
            patience = _BACKLOG_S if waiting[-1].more else self._gather_seconds
            with suppress(TimeoutError):
                async with asyncio.timeout_at(begun + patience):
                    self._came.clear()
                    await self._came.wait()
            if loop.time() >= begun + patience:
                return

    def _is_full(self, partition: int) -> bool:
        """Return whether a run is full, or no more can come before one is taken, or there is none to wait for."""
        waiting = self._waiting[partition]
        if not waiting or self._room.is_full or self._executor.closed:
            return True
        return sum(len(one.records) for one in waiting) >= self._batch_size

    def _take(self, partition: int) -> list[FetchedRecords]:
        waiting, taken, count = self._waiting[partition], list[FetchedRecords](), 0
        while waiting and count < self._batch_size:
            taken.append(waiting.popleft())
            count += len(taken[-1].records)
        return taken
