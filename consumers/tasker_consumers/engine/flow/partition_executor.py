"""A single job at a time for each partition, any number of partitions side by side.

Two topics share the states of a partition, and so do timers and the sweep: all of them take turns under the partition's
lock. While one partition waits for a slow backend the others go on. The next batch for a busy partition waits, which
bounds the memory of the worker.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")
Job = Callable[[], Coroutine[Any, Any, None]]

logger = logging.getLogger(__name__)


class PartitionExecutor:
    """Runs jobs by partition; closed while the group redistributes partitions."""

    def __init__(self, crash: Callable[[BaseException], Awaitable[None]]) -> None:
        self._crash = crash
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._closing = asyncio.Event()
        self._epoch = 0

    @property
    def closed(self) -> bool:
        """Whether jobs are refused."""
        return self._closed

    @property
    def busy(self) -> int:
        """Number of partitions with a job at work."""
        return len(self._tasks)

    def is_busy(self, partition: int) -> bool:
        """Whether a job of this partition is at work."""
        return partition in self._locks and self._locks[partition].locked()

    async def start(self, partition: int, job: Job) -> asyncio.Task[None] | None:
        """Wait for the partition's lock, start the job and return its task; None when the executor closed meanwhile.

        A job that raises crashes the worker: its batch is delivered again to the next owner of the partition.
        """
        epoch, lock = self._epoch, self._locks[partition]
        await lock.acquire()
        if self._closed or epoch != self._epoch:
            lock.release()
            return None
        task = asyncio.create_task(self._guard(partition, job, lock), name=f"job-{partition}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def run(self, partition: int, job: Job) -> bool:
        """Start a job as `start` does and wait for its end; False when the executor closed before it began."""
        task = await self.start(partition, job)
        if task is None:
            return False
        await asyncio.wait([task])
        return True

    def stop_accepting(self) -> None:
        """Take no more jobs."""
        self._closed = True
        self._closing.set()
        self._epoch += 1

    async def close(self, grace: float) -> None:
        """Take no more jobs, wait up to `grace` seconds for those at work, then cancel the rest."""
        self.stop_accepting()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def open(self) -> None:
        """Take jobs again."""
        self._closed = False
        self._closing.clear()

    async def sleep_unless_closing(self, seconds: float) -> bool:
        """Sleep, but wake at once when closing starts, and return whether it has.

        An open iterator would keep a revoked partition's database locked.
        """
        with suppress(TimeoutError):
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with the event.
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        return self._closing.is_set()

    async def _guard(self, partition: int, job: Job, lock: asyncio.Lock) -> None:
        try:
            await job()
        except Exception as error:  # noqa: BLE001  to go on after any of them would lose the batch
            if self._closed:  # the batch is delivered again: only the reason would be lost
                logger.warning("Partition %d let its batch go: %s: %s", partition, type(error).__name__, error)
            else:
                self._closed = True
                error.add_note(f"partition {partition}")
                await self._crash(error)
        finally:
            lock.release()


async def uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """Run work to its end that must not be left half done, however often the caller is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    return task.result()
