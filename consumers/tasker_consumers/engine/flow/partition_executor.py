"""One piece of work at a time for each partition, any number of partitions side by side.

Two topics share the states of a partition, and so does the sweep: all three take turns in the partition's lane. While
one lane waits for a slow backend the others go on; whoever has the next run for a busy lane waits, which is what
keeps memory bounded.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")
Job = Callable[[], Coroutine[Any, Any, None]]


class PartitionExecutor:
    """Runs jobs by partition; closed while the group redistributes partitions."""

    def __init__(self, crash: Callable[[BaseException], Awaitable[None]]) -> None:
        self._crash = crash
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
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

    async def start(self, partition: int, job: Job) -> asyncio.Task[None] | None:
        """Wait for the lane, start the job in it and return its task; None when the executor was closed meanwhile.

        A job that raises crashes the worker: the run it had is delivered again to the next one.
        """
        epoch, turn = self._epoch, self._turns[partition]
        await turn.acquire()
        if self._closed or epoch != self._epoch:
            turn.release()
            return None
        task = asyncio.create_task(self._guard(job, turn), name=f"lane-{partition}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def stop_accepting(self) -> None:
        """Take no more jobs."""
        self._closed = True
        self._closing.set()
        self._epoch += 1

    async def close(self, grace: float) -> None:
        """Take no more jobs, wait up to `grace` seconds for those at work, then cancel what is left."""
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

    async def sleep_unless_closing(self, seconds: float) -> None:
        """Sleep, but wake at once when closing starts.

        An open iterator would keep a revoked partition's database locked.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def _guard(self, job: Job, turn: asyncio.Lock) -> None:
        try:
            await job()
        except Exception as error:  # noqa: BLE001  whatever went wrong, going on would lose the run
            if not self._closed:
                self._closed = True
                await self._crash(error)
        finally:
            turn.release()


async def uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end what must not be left half done, even when the caller is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled():
            raise
        return await task
