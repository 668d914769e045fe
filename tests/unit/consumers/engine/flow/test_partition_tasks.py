"""Each held partition has tasks of its own, which end with it."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from tasker_consumers.engine.flow.partition_executor import PartitionExecutor
from tasker_consumers.engine.flow.partition_tasks import PartitionTasks, PartitionWork
from tasker_consumers.engine.flow.timers import Timers

DEADLINE_S = 20


class Bench:
    """The tasks of some partitions, and the work that was done for each."""

    def __init__(self, sweep_interval: float = 0.01) -> None:
        self.held: set[int] = set()
        self.timers: defaultdict[int, Timers] = defaultdict(Timers)
        self.done: list[tuple[str, int]] = []
        self.released: list[int] = []
        self.crashes: list[BaseException] = []
        self.executor = PartitionExecutor(self.crash)
        work = PartitionWork(
            timers=self.timers.__getitem__,
            heads=lambda _: iter([b"swept"]),
            revisit=self.revisit,
            sweep_interval=sweep_interval,
            emit=self.emit,
            emit_seconds=0.01,
        )
        self.tasks = PartitionTasks(executor=self.executor, work=work, crash=self.crash, release=self.released.append)

    async def crash(self, error: BaseException) -> None:
        self.crashes.append(error)

    async def revisit(self, partition: int, keys: Iterable[bytes], now_us: int) -> float:
        assert now_us > 0
        self.done += ((key.decode(), partition) for key in keys)
        return 0.0

    async def emit(self, partition: int) -> None:
        self.done.append(("emitted", partition))

    def set_timers(self) -> None:
        for partition in self.held:
            self.timers[partition].set({b"timer": time.time_ns() // 1000})

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():  # noqa: ASYNC110  any of several counts
                await asyncio.sleep(0.005)

    def has_done(self, partition: int) -> bool:
        return {("timer", partition), ("swept", partition), ("emitted", partition)} <= set(self.done)


@asynccontextmanager
async def following(bench: Bench) -> Any:
    task = asyncio.create_task(bench.tasks.follow(lambda: bench.held))
    try:
        yield
    finally:
        task.cancel()
        await bench.executor.close(0)
        await bench.tasks.close()


async def test_a_partition_that_waits_holds_the_clocks_of_no_other_back() -> None:
    bench, gate = Bench(), asyncio.Event()
    async with following(bench):
        await bench.executor.start(0, lambda: hold(gate))
        bench.held = {0, 1, 2, 3}
        bench.set_timers()
        await bench.until(lambda: all(bench.has_done(partition) for partition in (1, 2, 3)))
        assert not [work for work in bench.done if work[1] == 0]
        gate.set()
        await bench.until(lambda: bench.has_done(0))


async def test_nothing_runs_for_a_partition_after_it_was_given_up() -> None:
    bench = Bench()
    async with following(bench):
        bench.held = {0, 1}
        bench.set_timers()
        await bench.until(lambda: bench.has_done(0) and bench.has_done(1))
        bench.held = set()
        await bench.executor.close(0)
        await bench.tasks.close()
        bench.done.clear()
        bench.held = {0, 1}
        bench.set_timers()
        bench.tasks._open(bench.held)  # as long as the executor is closed, nothing opens
        assert not bench.tasks._tasks
        bench.executor.open()
        bench.held = {1}
        bench.set_timers()
        await bench.until(lambda: bench.has_done(1))
    assert ({partition for _, partition in bench.done}, bench.released[:2]) == ({1}, [0, 1])


async def test_a_task_that_fails_ends_the_worker_with_its_reason() -> None:
    def damaged(_: int) -> Timers:
        raise OSError("a damaged disk")

    bench = Bench()
    work = PartitionWork(timers=damaged, heads=lambda _: iter([]), revisit=bench.revisit, sweep_interval=1000)
    bench.tasks.work = work
    async with following(bench):
        bench.held = {0}
        await bench.until(lambda: bool(bench.crashes))
    assert str(bench.crashes[0]) == "a damaged disk"


async def hold(gate: asyncio.Event) -> None:
    await gate.wait()
