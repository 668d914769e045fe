"""States that asked to be looked at again at some time, before the sweep would come to them.

They are kept in memory only: what a crash or a rebalance forgets, the sweep finds a little later.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from functools import partial
from heapq import heappop, heappush

from tasker_consumers.engine.flow.partition_executor import PartitionExecutor
from tasker_consumers.engine.flow.sweep import TURN

#: Between two looks at the clock.
_TICK_S = 0.2

Revisit = Callable[[int, Iterable[bytes], int], Awaitable[object]]


class Timers:
    """Which keys of which partitions are to be asked, and when; times in microseconds since the epoch."""

    def __init__(self) -> None:
        self._queue: list[tuple[int, int, bytes]] = []
        self._set: dict[tuple[int, bytes], int] = {}

    def set(self, partition: int, timers: Mapping[bytes, int]) -> None:
        """Set the timers of some keys, each instead of the one it had."""
        for key, at in timers.items():
            if self._set.get((partition, key)) != at:
                self._set[partition, key] = at
                heappush(self._queue, (at, partition, key))

    def pop_due(self, now: int) -> dict[int, list[bytes]]:
        """Return the keys whose time has come, by partition, and forget them.

        >>> timers = Timers()
        >>> timers.set(0, {b"a": 10, b"b": 30})
        >>> timers.set(0, {b"a": 20})
        >>> timers.pop_due(now=10), timers.pop_due(now=20)
        ({}, {0: [b'a']})
        """
        found: dict[int, list[bytes]] = {}
        while self._queue and self._queue[0][0] <= now:
            at, partition, key = heappop(self._queue)
            if self._set.get((partition, key)) == at:
                del self._set[partition, key]
                found.setdefault(partition, []).append(key)
        return found


async def fire_timers_forever(
    timers: Timers, *, partitions: Callable[[], Collection[int]], executor: PartitionExecutor, revisit: Revisit
) -> None:
    """Revisit states when their time has come, each in its partition's lane; those of others are left to them."""

    async def turn(partition: int, keys: list[bytes]) -> None:
        await revisit(partition, keys, time.time_ns() // 1000)

    while True:
        await asyncio.sleep(_TICK_S)
        due, held = timers.pop_due(time.time_ns() // 1000), partitions()
        for number, keys in due.items():
            for start in range(0, len(keys) if number in held else 0, TURN):
                await executor.start(number, partial(turn, number, keys[start : start + TURN]))
