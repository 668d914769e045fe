"""Stored states, asked from time to time whether something is due that no event brings."""

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice

from tasker_consumers.engine.flow.partition_executor import PartitionExecutor

#: States that are asked in a job of a partition; a batch waits at most for so many.
STATES_PER_JOB = 200
#: Part of a worker's time that the asking may take over all its partitions, however many states there are: with a
#: million of them a sweep takes minutes, but the batches do not notice.
SHARE = 0.05

Revisit = Callable[[int, Iterable[bytes], int], Awaitable[float]]
"""Asks the states of some keys, does what is due, and returns the seconds that the asking took."""


async def sweep(
    partition: int,
    *,
    executor: PartitionExecutor,
    heads: Callable[[int], Iterator[bytes]],
    revisit: Revisit,
    share: Callable[[], float] = lambda: SHARE,
) -> None:
    """Revisit all states of a partition, some at a time; ends early when the executor closes.

    `share` is the part of the worker's time that this partition may take.
    """
    keys: Iterator[bytes] | None = None
    keys_remain = True  # also when a job was cut off: its keys were not asked
    duration = 0.0

    async def job() -> None:
        nonlocal keys, keys_remain, duration
        keys, keys_remain = heads(partition) if keys is None else keys, False
        part = list(islice(keys, STATES_PER_JOB))
        duration = await revisit(partition, part, time.time_ns() // 1000)
        keys_remain = bool(part)

    while keys_remain:
        if not await executor.run(partition, job):
            return
        await executor.sleep_unless_closing(duration * (1 / share() - 1))
