"""The tasks of each held partition beside its batches: timers, the sweep, and the records that its index publishes.

Each partition has tasks of its own, so a partition that waits for a slow backend holds back no other. They are
opened once the partition's states are restored, and closed before it goes to another worker: nothing runs afterwards.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tasker_consumers.engine.flow.partition_executor import PartitionExecutor
from tasker_consumers.engine.flow.sweep import SHARE, STATES_PER_JOB, Revisit, sweep
from tasker_consumers.engine.flow.timers import Timers

logger = logging.getLogger(__name__)

#: Between two looks at the clock, and at the partitions that are held.
TICK_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionWork:
    """The work for a held partition that no record starts."""

    timers: Callable[[int], Timers]
    heads: Callable[[int], Iterator[bytes]]
    revisit: Revisit
    sweep_interval: float
    #: Publishes the records of the partition's index; None where there is no index.
    emit: Callable[[int], Coroutine[Any, Any, None]] | None = None
    emit_seconds: float = 1.0


@dataclass(slots=True, kw_only=True)
class PartitionTasks:
    """The tasks of the partitions that this worker holds now."""

    executor: PartitionExecutor
    work: PartitionWork
    #: Ends the worker with a reason.
    crash: Callable[[BaseException], Awaitable[None]]
    #: Called when a partition goes: whatever is remembered of it can be forgotten.
    release: Callable[[int], None]
    _tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    async def follow(self, held_partitions: Callable[[], Collection[int]]) -> None:
        """Open and close tasks as partitions come and go, for ever."""
        while True:
            self._open(held_partitions())
            await asyncio.sleep(TICK_S)

    async def close(self) -> None:
        """End all tasks, and return when none of them runs any more; the executor is closed already."""
        tasks = dict(self._tasks)
        self._tasks.clear()
        running = set(tasks.values())
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=TICK_S)
        for partition in tasks:
            self.release(partition)

    def _open(self, held: Collection[int]) -> None:
        added = sorted(set(held) - self._tasks.keys())
        if self.executor.closed:  # the partitions are about to go
            return
        if added:
            logger.info("Ready with partitions %s", ", ".join(map(str, sorted(held))))
        for partition in added:
            self._tasks[partition] = asyncio.create_task(self._run(partition), name=f"partition-{partition}")

    async def _run(self, partition: int) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for loop in self._loops(partition):
                    group.create_task(loop)
        except ExceptionGroup as errors:
            await self.crash(errors.exceptions[0])

    def _loops(self, partition: int) -> Iterator[Coroutine[Any, Any, None]]:
        yield self._fire_timers(partition)
        yield self._sweep(partition)
        if self.work.emit is not None:
            yield self._emit(partition, self.work.emit)

    async def _fire_timers(self, partition: int) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            keys = self.work.timers(partition).pop_due(time.time_ns() // 1000)
            for start in range(0, len(keys), STATES_PER_JOB):
                part = keys[start : start + STATES_PER_JOB]
                await self.executor.run(partition, partial(self._revisit, partition, part))

    async def _revisit(self, partition: int, keys: list[bytes]) -> None:
        await self.work.revisit(partition, keys, time.time_ns() // 1000)

    async def _sweep(self, partition: int) -> None:
        while True:
            await asyncio.sleep(self.work.sweep_interval)
            await sweep(
                partition,
                executor=self.executor,
                heads=self.work.heads,
                revisit=self.work.revisit,
                share=lambda: SHARE / max(1, len(self._tasks)),
            )

    async def _emit(self, partition: int, emit: Callable[[int], Coroutine[Any, Any, None]]) -> None:
        while True:
            await asyncio.sleep(self.work.emit_seconds)
            await self.executor.run(partition, partial(emit, partition))
