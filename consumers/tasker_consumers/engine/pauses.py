"""The time for which a worker processes nothing because partitions are moved or states are restored."""

import time
from collections.abc import Callable
from typing import Literal

from prometheus_client import Counter

Reason = Literal["rebalance", "restore"]


class Pauses:
    """Adds up the seconds of pauses by reason; a pause that lasts is counted as far as it has come.

    >>> from prometheus_client import CollectorRegistry
    >>> seconds = iter([0.0, 2.0, 5.0, 6.0])
    >>> counter = Counter("paused_seconds", "Pauses.", ["reason"], registry=CollectorRegistry())
    >>> pauses = Pauses(counter, lambda: next(seconds))
    >>> pauses.begin("rebalance")
    >>> pauses.begin("restore")
    >>> pauses.count()
    >>> pauses.end()
    >>> [sample.value for sample in counter.collect()[0].samples if sample.name.endswith("total")]
    [2.0, 4.0]
    """

    def __init__(self, counter: Counter, clock: Callable[[], float] = time.monotonic) -> None:
        self._counter = counter
        self._clock = clock
        self._reason: Reason | None = None
        self._since = 0.0
        for reason in ("rebalance", "restore"):
            counter.labels(reason)  # shown from the beginning, as 0

    def begin(self, reason: Reason) -> None:
        """Begin a pause, or go on with another reason."""
        self.count()
        self._reason, self._since = reason, self._since if self._reason else self._clock()

    def count(self) -> None:
        """Add the seconds since the pause began or was counted last."""
        if self._reason:
            now = self._clock()
            self._counter.labels(self._reason).inc(now - self._since)
            self._since = now

    def end(self) -> None:
        """End the pause: the worker processes records again."""
        self.count()
        self._reason = None
