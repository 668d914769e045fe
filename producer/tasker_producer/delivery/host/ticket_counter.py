"""A counter that threads, greenlets and signal handlers advance at once, exactly and without waiting."""

from collections.abc import Callable
from itertools import count

from tasker_producer.delivery.host import native


class TicketCounter:
    """Counts by drawing tickets: `next` on `itertools.count` is a single operation that nothing can interrupt.

    >>> counter = TicketCounter()
    >>> for _ in range(2):
    ...     _ = counter.add()
    >>> counter.value(), counter.value()
    (2, 2)
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin at zero, with a new lock: in a forked child the old lock may be held by a thread that is gone."""
        self._tickets = count()
        #: Adds 1 to the count; its result means nothing.
        self.add: Callable[[], object] = self._tickets.__next__
        self._reads = 0
        self._lock = native.RLock()  # a signal handler may read while its own thread reads

    def value(self) -> int:
        """Return the number counted so far; reading draws a ticket too, which is not counted."""
        with self._lock:
            self._reads += 1
            return next(self._tickets) - self._reads + 1
