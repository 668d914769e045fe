"""The clocks of the statistics, told apart by type, and the time by which states are shrunk and deleted.

- `EventTime`: the producer's clock, in the payload. Statistics are made of event times; nothing is deleted by them.
- `RecordTime`: the broker's clock, `LogAppendTime` of a record.
- `WallTime`: the clock of this host.

A single wrong clock must not delete a state. So the time for deletion is the lesser of two clocks: the wall clock, and
the newest record time plus the monotonic time since that record came.
"""

import logging
import time
from collections.abc import Callable
from typing import NewType

EventTime = NewType("EventTime", int)
RecordTime = NewType("RecordTime", int)
WallTime = NewType("WallTime", int)
"""All three are microseconds since the epoch, UTC."""

SECOND = 1_000_000
#: Difference between the wall clock and the broker's clock that is reported, in microseconds.
TOLERANCE = 3600 * SECOND
_MILLISECOND = 1000

logger = logging.getLogger(__name__)


def wall_clock() -> WallTime:
    """Return the time of this host's clock."""
    nanoseconds = time.time_ns()
    return nanoseconds // 1000  # type: ignore[return-value]  # asked for every record, and WallTime is a call


def monotonic_clock() -> int:
    """Return microseconds of a clock that is never set."""
    nanoseconds = time.monotonic_ns()
    return nanoseconds // 1000


class StateClock:
    """The time by which states age: it never runs ahead of the broker's clock, nor of this host's clock."""

    def __init__(
        self, wall: Callable[[], WallTime] = wall_clock, monotonic: Callable[[], int] = monotonic_clock
    ) -> None:
        self.wall = wall
        self._monotonic = monotonic
        self._newest = -1  # record time
        self._offset: int | None = None  # newest record time minus the monotonic time when that record came
        self._reported = False

    def heard_at(self, timestamp_ms: int) -> int:
        """Note the time of a record that was read, in milliseconds; return when it came by the later of both clocks."""
        record_time = timestamp_ms * _MILLISECOND
        if record_time > self._newest:
            self._newest = record_time
            offset = record_time - self._monotonic()
            if self._offset is None or offset > self._offset:
                self._offset = offset
        return max(record_time, self.wall())

    def now(self) -> RecordTime:
        """Return the time by which states may be deleted; 0, at which nothing is old, until a record was read."""
        broker_time = self._broker_time()
        return RecordTime(0) if broker_time is None else min(broker_time, RecordTime(self.wall()))

    def for_marks(self) -> int:
        """Return the time for marks that a later event undoes: as `now`, or the wall clock until a record was read."""
        return self.wall() if self._offset is None else self.now()

    def for_revisions(self) -> int:
        """Return the time for revisions of windows: the broker's, or the wall clock until a record was read."""
        broker_time = self._broker_time()
        return self.wall() if broker_time is None else broker_time

    def report_difference(self) -> None:
        """Log once when this host's clock and the broker's clock differ by more than an hour."""
        broker_time = self._broker_time()
        ahead = 0 if broker_time is None else self.wall() - broker_time
        if abs(ahead) > TOLERANCE and not self._reported:
            logger.warning(
                "The clock of this host is %.1f h %s the newest records. States age by the earlier of the two clocks.",
                abs(ahead) / SECOND / 3600,
                "ahead of" if ahead > 0 else "behind",
            )
        self._reported = abs(ahead) > TOLERANCE

    def _broker_time(self) -> RecordTime | None:
        return None if self._offset is None else RecordTime(self._offset + self._monotonic())
