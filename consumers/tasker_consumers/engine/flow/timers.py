"""When the states of a partition want to be looked at again, before the sweep would come to them.

Timers are kept in memory only: what a crash or a rebalance forgets, the sweep finds a little later.
"""

from collections.abc import Mapping
from heapq import heappop, heappush


class Timers:
    """The timers of one partition, a single one for each key; times in microseconds since the epoch."""

    def __init__(self) -> None:
        self._queue: list[tuple[int, bytes]] = []
        self._times: dict[bytes, int] = {}

    def set(self, timers: Mapping[bytes, int]) -> None:
        """Set the timers of some keys, each instead of the timer it had."""
        for key, at in timers.items():
            if self._times.get(key) != at:
                self._times[key] = at
                heappush(self._queue, (at, key))

    def pop_due(self, now: int) -> list[bytes]:
        """Return the keys whose time has come, and forget them.

        >>> timers = Timers()
        >>> timers.set({b"a": 10, b"b": 30})
        >>> timers.set({b"a": 20})
        >>> timers.pop_due(now=10), timers.pop_due(now=20)
        ([], [b'a'])
        """
        due: list[bytes] = []
        while self._queue and self._queue[0][0] <= now:
            at, key = heappop(self._queue)
            if self._times.get(key) == at:
                del self._times[key]
                due.append(key)
        return due
