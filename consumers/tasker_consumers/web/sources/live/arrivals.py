"""When events arrived, to notice that statistics stand still while events go on."""

import threading
import time
from collections import deque
from collections.abc import Callable

#: Moments that are kept, a second or more apart: two minutes and more.
_MOMENTS = 120


class Arrivals:
    """The times of events, each with the moment at which it was seen; both in microseconds since 1970.

    >>> seen = iter([10_000_000, 20_000_000])
    >>> arrivals = Arrivals(lambda: next(seen))
    >>> arrivals.note(5)
    >>> arrivals.note(6)
    >>> arrivals.first_after(4), arrivals.first_after(5), arrivals.first_after(6)
    (10000000, 20000000, None)
    """

    def __init__(self, clock: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._moments: deque[tuple[int, int]] = deque(maxlen=_MOMENTS)

    def note(self, event_at: int) -> None:
        """Note the time of an event that was seen just now; a later one of the same second takes its place."""
        now = self._clock()
        with self._lock:
            if self._moments and now - self._moments[-1][0] < 1_000_000:  # noqa: PLR2004  a second
                seen_at, latest = self._moments[-1]
                self._moments[-1] = seen_at, max(latest, event_at)
            else:
                self._moments.append((now, event_at))

    def first_after(self, event_at: int) -> int | None:
        """Return when an event later than a time was seen first; None if there was none."""
        with self._lock:
            return next((seen_at for seen_at, latest in self._moments if latest > event_at), None)
