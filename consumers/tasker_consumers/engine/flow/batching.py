"""Records on their way to their partition's lane; those that wait for the same lane are taken together.

When records trickle in, each fetch brings a few of them, and each run would pay for a round trip of its own to Kafka.
While a lane waits for one, the next runs gather here and then share the next. How many may gather is limited, which is
what bounds a worker's memory: beyond it, whoever delivers has to wait.

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

#: Runs that may wait at a time, over all partitions.
MAX_WAITING = 96
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


class Batcher:
    """Gathers deliveries by partition, and has each lane process what has gathered for it."""

    def __init__(
        self, executor: PartitionExecutor, process: Process, batch_size: int, gather_seconds: float = 0.0
    ) -> None:
        self._executor = executor
        self._process = process
        self._batch_size = batch_size
        self._gather_seconds = gather_seconds
        self._room = asyncio.Semaphore(MAX_WAITING)
        self._came = asyncio.Event()
        self._waiting: defaultdict[int, deque[FetchedRecords]] = defaultdict(deque)
        self._drain_tasks: set[asyncio.Task[None]] = set()

    async def put(self, partition: int, delivery: FetchedRecords) -> None:
        """Add a run to those that wait for the partition's lane; waits itself while too many do."""
        await self._room.acquire()
        if delivery.stale() or self._executor.closed:  # it is delivered again
            self._room.release()
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
            for _ in waiting:
                self._room.release()
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
            for _ in taken:
                self._room.release()
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
        if not waiting or self._room.locked() or self._executor.closed:
            return True
        return sum(len(one.records) for one in waiting) >= self._batch_size

    def _take(self, partition: int) -> list[FetchedRecords]:
        waiting, taken, count = self._waiting[partition], list[FetchedRecords](), 0
        while waiting and count < self._batch_size:
            taken.append(waiting.popleft())
            count += len(taken[-1].records)
        return taken
