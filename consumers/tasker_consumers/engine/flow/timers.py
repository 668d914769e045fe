"""Timers of states: the states of a partition are revisited at these times, before the sweep would come to them.

Timers are kept in memory only. After a crash or a rebalance the sweep finds the same states a little later.
"""

from collections.abc import Mapping
from heapq import heappop, heappush


class Timers:
    """The timers of a partition, at most a timer for each key; times in microseconds since the epoch."""

    def __init__(self) -> None:
        self._queue: list[tuple[int, bytes]] = []
        self._times: dict[bytes, int] = {}

    def set(self, timers: Mapping[bytes, int]) -> None:
        """Set the timers of some keys, each instead of the timer it had."""
        for key, due_at in timers.items():
            if self._times.get(key) != due_at:
                self._times[key] = due_at
                heappush(self._queue, (due_at, key))

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
            due_at, key = heappop(self._queue)
            if self._times.get(key) == due_at:
                del self._times[key]
                due.append(key)
        return due
