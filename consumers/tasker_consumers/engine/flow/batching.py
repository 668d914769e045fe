"""Fetched runs of records on their way to their partition's lock: runs of a partition that wait are processed together.

When records trickle in, each fetch brings a few of them, and each run would pay for a round trip of its own to Kafka.
While a partition is at work, its next runs gather here and become the next batch. The number of runs that gather, and
their decompressed bytes, are limited, which bounds the memory of a worker: beyond the limit the fetch loop waits.

Topics are fetched apart, so events of the same moment arrive some milliseconds apart. An application that wants them
together has each partition wait a moment before its batch is runs; a partition with enough records does not wait. In
a backlog every partition waits for a full batch: a state that is touched once by many events costs less than a state
that is touched often by few.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tasker_consumers.engine.flow.partition_executor import PartitionExecutor

#: Runs that may wait or be in work at a time, over all partitions, and decompressed bytes that these may have; a run
#: that is larger than that is runs alone.
MAX_WAITING = 96
MAX_WAITING_BYTES = 96 << 20
#: How long a partition in a backlog waits until its batch is full.
_BACKLOG_S = 2.0

Process = Callable[[int, list[Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FetchedRecords:
    """A run of records, its acknowledgement, and whether it is stale: fetched before a seek, so it comes again."""

    records: list[Any]
    ack: Callable[[], Awaitable[None]]
    stale: Callable[[], bool]
    #: Whether the broker has more records of this partition already: then a batch waits for them.
    more: bool = False
    #: Decompressed bytes of the records.
    size: int = 0


class Room:
    """Counts the runs that a worker holds, and their bytes; further runs wait until there is room."""

    def __init__(self) -> None:
        self._runs = self._bytes = self._waiting = 0
        self._freed = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether a run waits for room, or the next run would wait."""
        return self._waiting > 0 or self._runs >= MAX_WAITING or self._bytes >= MAX_WAITING_BYTES

    def has_room(self, size: int) -> bool:
        """Return whether a run of `size` bytes may come now; a run that is larger than all room comes alone."""
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
    """Gathers runs by partition, and has each partition process its runs as a batch."""

    def __init__(
        self, executor: PartitionExecutor, process: Process, batch_size: int, gather_seconds: float = 0.0
    ) -> None:
        self._executor = executor
        self._process = process
        self._batch_size = batch_size
        self._gather_seconds = gather_seconds
        self._room = Room()
        self._arrived = asyncio.Event()
        self._waiting: defaultdict[int, deque[FetchedRecords]] = defaultdict(deque)
        self._drain_tasks: set[asyncio.Task[None]] = set()

    async def put(self, partition: int, delivery: FetchedRecords) -> None:
        """Add a run to the waiting runs of a partition; waits while the worker holds too many."""
        if not self._room.has_room(delivery.size):
            self._arrived.set()  # no partition may wait for more records
        await self._room.take(delivery.size)
        if delivery.stale() or self._executor.closed:  # it is delivered again
            self._room.give_back(delivery.size)
            return
        waiting = self._waiting[partition]
        waiting.append(delivery)
        self._arrived.set()
        if len(waiting) == 1:
            self._send_for(partition)

    @property
    def is_full(self) -> bool:
        """Whether runs wait for room."""
        return self._room.is_full

    def stop_gathering(self) -> None:
        """Have partitions that still gather take their waiting runs: the executor is closing."""
        self._arrived.set()

    def clear(self) -> None:
        """Forget all waiting runs; they are delivered again."""
        for waiting in self._waiting.values():
            for delivery in waiting:
                self._room.give_back(delivery.size)
            waiting.clear()

    def _send_for(self, partition: int) -> None:
        async def start_job() -> None:
            await self._executor.start(partition, job)

        def job() -> Coroutine[Any, Any, None]:
            return self._job(partition)

        task = asyncio.create_task(start_job())
        self._drain_tasks.add(task)  # asyncio itself holds tasks only weakly
        task.add_done_callback(self._drain_tasks.discard)

    async def _job(self, partition: int) -> None:
        await self._gather(partition)
        runs = self._take(partition)
        try:
            if runs:
                await self._process(partition, [record for delivery in runs for record in delivery.records])
            for delivery in runs:
                await delivery.ack()
        finally:
            for delivery in runs:
                self._room.give_back(delivery.size)
        if self._waiting[partition]:
            self._send_for(partition)

    async def _gather(self, partition: int) -> None:
        loop = asyncio.get_running_loop()
        begun, waiting = loop.time(), self._waiting[partition]
        while not self._is_full(partition):
            limit_s = _BACKLOG_S if waiting[-1].more else self._gather_seconds
            with suppress(TimeoutError):
                async with asyncio.timeout_at(begun + limit_s):
                    self._arrived.clear()
                    await self._arrived.wait()
            if loop.time() >= begun + limit_s:
                return

    def _is_full(self, partition: int) -> bool:
        """Return whether a run is full, or no more can come before one is runs, or there is none to wait for."""
        waiting = self._waiting[partition]
        if not waiting or self._room.is_full or self._executor.closed:
            return True
        return sum(len(run.records) for run in waiting) >= self._batch_size

    def _take(self, partition: int) -> list[FetchedRecords]:
        waiting, runs, count = self._waiting[partition], list[FetchedRecords](), 0
        while waiting and count < self._batch_size:
            runs.append(waiting.popleft())
            count += len(runs[-1].records)
        return runs
