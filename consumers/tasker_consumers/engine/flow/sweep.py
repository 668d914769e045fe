"""Stored states, asked from time to time whether something is due that no event brings."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from itertools import islice

from tasker_consumers.engine.flow.partition_executor import PartitionExecutor

#: States that are asked in one turn of a lane; a run waits at most for so many.
TURN = 200
#: Part of a worker's time that the asking may take, however many states there are: with a million of them a sweep takes
#: minutes, but the runs do not notice.
SHARE = 0.05

Revisit = Callable[[int, Iterable[bytes], int], Awaitable[float]]
"""Asks the states of some keys, does what is due, and returns the seconds that the asking took."""


async def sweep_forever(
    interval: float,
    *,
    partitions: Callable[[], Collection[int]],
    executor: PartitionExecutor,
    heads: Callable[[int], Iterator[bytes]],
    revisit: Revisit,
) -> None:
    """Revisit the states of all partitions held, a few at a time in their lane, and again `interval` seconds later."""
    while True:
        await asyncio.sleep(interval)
        for partition in sorted(partitions()):
            await sweep(partition, executor=executor, heads=heads, revisit=revisit)


async def sweep(
    partition: int, *, executor: PartitionExecutor, heads: Callable[[int], Iterator[bytes]], revisit: Revisit
) -> None:
    """Revisit all states of one partition; ends early when the executor closes."""
    walk: Iterator[bytes] | None = None
    left = True  # until a turn comes to the end of the walk, or does not come to its own
    asked = 0.0

    async def turn() -> None:
        nonlocal walk, left, asked
        walk, left = heads(partition) if walk is None else walk, False
        some = list(islice(walk, TURN))
        asked = await revisit(partition, some, time.time_ns() // 1000)
        left = bool(some)

    while left:
        task = await executor.start(partition, turn)
        if task is None:
            return
        await asyncio.wait([task])
        await executor.sleep_unless_closing(asked * (1 / SHARE - 1))
