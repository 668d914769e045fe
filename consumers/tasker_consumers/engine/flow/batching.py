"""Fetched runs of records on their way to their partition's lock: runs of a partition that wait are processed together.

When records trickle in, each fetch brings a few of them, and each run would pay for a round trip of its own to Kafka.
While a partition is at work, its next runs gather here and become the next batch. The number of runs that gather, and
their decompressed bytes, are limited, which bounds the memory of a worker: beyond the limit the fetch loop waits. A
partition that has its share of the room is left out of the next fetches: a partition that is held holds back no other.

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
#: that is larger than that is taken alone.
MAX_WAITING = 192
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
    """Counts the runs that a worker holds, and their bytes; further runs wait until there is room.

    A partition takes at most as much as is left: half of the room for a single partition that a slow backend holds, a
    quarter each for three of them. So partitions that are held leave room for the others.
    """

    def __init__(self) -> None:
        self._runs: defaultdict[int, int] = defaultdict(int)
        self._bytes: defaultdict[int, int] = defaultdict(int)
        self._waiting = 0
        self._freed = asyncio.Event()
        #: The partitions that have as much as is left: nothing more should be fetched for them. Any thread may read it.
        self.crowded: frozenset[int] = frozenset()

    @property
    def is_full(self) -> bool:
        """Return whether a run waits for room, or the next run would wait."""
        runs, size = self._left()
        return self._waiting > 0 or runs <= 0 or size <= 0

    def has_room(self, partition: int, size: int) -> bool:
        """Return whether a run of `size` bytes may come now; a run that is larger than all room comes alone.

        The first run of a partition needs room for its bytes only.
        """
        runs_left, bytes_left = self._left()
        if runs_left == MAX_WAITING:
            return True
        return (runs_left > 0 or not self._runs.get(partition)) and size <= bytes_left

    async def take(self, partition: int, size: int) -> None:
        """Wait until there is room for a run of `size` bytes, and take it."""
        self._waiting += 1
        try:
            while not self.has_room(partition, size):
                self._freed.clear()
                await self._freed.wait()
        finally:
            self._waiting -= 1
        self._add(partition, 1, size)

    def give_back(self, partition: int, size: int) -> None:
        """Free the room of a run of `size` bytes."""
        self._add(partition, -1, -size)
        self._freed.set()

    def _left(self) -> tuple[int, int]:
        return MAX_WAITING - sum(self._runs.values()), MAX_WAITING_BYTES - sum(self._bytes.values())

    def _add(self, partition: int, runs: int, size: int) -> None:
        self._runs[partition] += runs
        self._bytes[partition] += size
        runs_left, bytes_left = self._left()
        self.crowded = frozenset(
            number
            for number, held in self._runs.items()
            if held and (held >= runs_left or self._bytes[number] >= bytes_left)
        )


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
        if not self._room.has_room(partition, delivery.size):
            self._arrived.set()  # no partition may wait for more records
        await self._room.take(partition, delivery.size)
        if delivery.stale() or self._executor.closed:  # it is delivered again
            self._room.give_back(partition, delivery.size)
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

    @property
    def crowded(self) -> frozenset[int]:
        """The partitions for which nothing more should be fetched now; any thread may ask."""
        return self._room.crowded

    def stop_gathering(self) -> None:
        """Have partitions that still gather take their waiting runs: the executor is closing."""
        self._arrived.set()

    def clear(self) -> None:
        """Forget all waiting runs; they are delivered again."""
        for partition, waiting in self._waiting.items():
            for delivery in waiting:
                self._room.give_back(partition, delivery.size)
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
                self._room.give_back(partition, delivery.size)
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
        if not waiting or self._room.is_full or partition in self._room.crowded or self._executor.closed:
            return True
        return sum(len(run.records) for run in waiting) >= self._batch_size

    def _take(self, partition: int) -> list[FetchedRecords]:
        waiting, runs, count = self._waiting[partition], list[FetchedRecords](), 0
        while waiting and count < self._batch_size:
            runs.append(waiting.popleft())
            count += len(runs[-1].records)
        return runs
