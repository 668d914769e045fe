"""When a span lasted, and at which times its events are shown, with each repair of a time.

A span ends where the event that ended it says, and begins where that same event says. A repair takes all times of the
span along, and is always marked.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from tasker_consumers.telemetry.core.event import BEGUN, FAILED
from tasker_consumers.telemetry.core.facts import Fact
from tasker_consumers.telemetry.core.fold import measured_duration
from tasker_consumers.telemetry.core.head import Head
from tasker_schemas.names import TaskEvents

END_OF_TIME = 2**64 // 1000 - 1  # microseconds; OTLP's nanoseconds end there, in 2554
_INITIALIZED = str(TaskEvents.INITIALIZE_REQUESTED)
_TOLERANCE = 1_000_000  # microseconds by which two readings of a clock may differ without a mark


@dataclass
class Interval:
    """Start and end of a span, microseconds; its events are shown at `shown` times."""

    start: int
    end: int
    clamped: bool = False  # a time contradicted another
    measured: bool = True  # the duration follows from events; without, the span claims none
    shift: int = 0  # by how much the span was moved, because two clocks disagree

    def shown(self, timestamp: int) -> int:
        """Return the time at which an event of the span is shown."""
        moved = min(max(0, timestamp + self.shift), END_OF_TIME)
        return min(max(self.start, moved), self.end) if self.clamped else moved

    def shown_end(self, timestamp: int) -> int:
        """Return the time at which an event that ends the span is shown: never outside of it."""
        return min(max(self.start, timestamp + self.shift), self.end)

    def moved(self, shift: int) -> "Interval":
        """Return the interval moved by some microseconds."""
        return replace(self, start=self.start + shift, end=self.end + shift, shift=shift) if shift else self

    def within_time(self) -> "Interval":
        """Return the interval cut to the times that OTLP can write."""
        if self.start >= 0 and self.end <= END_OF_TIME:
            return self
        start, end = min(max(0, self.start), END_OF_TIME), min(max(0, self.end), END_OF_TIME)
        return replace(self, start=start, end=end, clamped=True)


def attempt_interval(entries: list[Fact], end: Fact | None) -> Interval:
    """Return when an attempt ran; `end` is the event that ended it, None while it runs.

    The measured duration beats the difference between two readings of a wall clock.
    """
    if end is None:
        deliveries, last = deliveries_of(entries), entries[-1].timestamp
        return Interval(min(last, deliveries[-1].start if deliveries else entries[0].timestamp), last)
    start, duration = _start_of_end(entries, end), measured_duration(end.fields)
    if start is None and duration is None:
        # It never ran, or no event tells when: no time is better than an invented one.
        return _checked(end, end.ended_at, end.ended_at, measured=False)
    if start is None:
        start = end.ended_at - (duration or 0)
    if duration is not None:
        return _checked(end, start, start + duration)
    return _checked(end, start, max(start, end.ended_at), measured=end.ended_at >= start)


def task_interval(head: Head) -> Interval:
    """Return when a task lasted: from the earliest start that its events tell to its last end or event."""
    start = task_start(head)
    status = head.status
    if status is None or status.rank < FAILED:
        return Interval(min(start, head.last), head.last)
    end = head.facts[status.event_id]
    if end.ended_at >= start:
        return _checked(end, start, end.ended_at)
    duration = measured_duration(end.fields)
    if duration is not None and end.fields.get("started_at") == start:
        return _checked(end, start, start + duration)
    return _checked(end, start, start, measured=False)


def task_start(head: Head) -> int:
    """Return the start of a task: told by its events, else no later than its first step, else its first event."""
    if head.start is not None:
        start = head.start.timestamp
    else:
        initialized = [fact.timestamp for fact in head.facts.values() if fact.name == _INITIALIZED]
        start = min(initialized, default=head.first)
        if head.first_step_start is not None:
            start = min(start, head.first_step_start)
    return start if head.exported_start is None else min(start, head.exported_start)


class Delivery(NamedTuple):
    """A run of an attempt's handler: an attempt can be delivered again after its worker died."""

    start: int
    producer: str


def deliveries_of(entries: list[Fact]) -> list[Delivery]:
    """Return the runs of an attempt's handler that its events tell the start of, in their order."""
    runs: list[list[Fact]] = []
    for fact in entries:
        if fact.rank == BEGUN:
            producer = fact.fields.get("producer", "")
            again = not runs or runs[-1][0].fields.get("producer", "") != producer
            if again or fact.name in [earlier.name for earlier in runs[-1]]:
                runs.append([])
            runs[-1].append(fact)
    return [Delivery(_first_start(run), run[0].fields.get("producer", "")) for run in runs]


def _first_start(run: list[Fact]) -> int:
    started: list[int] = [fact.fields["started_at"] for fact in run if "started_at" in fact.fields]
    return min(started or [fact.timestamp for fact in run])


def _start_of_end(entries: list[Fact], end: Fact) -> int | None:
    """Return the start of the delivery that an end belongs to.

    The end's own start holds; with several deliveries the duration that the end measured is next; else the last start
    before the end counts, that of the end's own process if there is any.
    """
    if "started_at" in end.fields:
        started_at: int = end.fields["started_at"]
        return started_at
    deliveries = deliveries_of(entries)
    if len(deliveries) > 1 and (duration := measured_duration(end.fields)) is not None:
        return end.ended_at - duration
    producer = end.fields.get("producer", "")
    earlier = [delivery for delivery in deliveries if delivery.start <= end.ended_at]
    of_process = [delivery for delivery in earlier if delivery.producer == producer]
    if of_process or earlier:
        return (of_process or earlier)[-1].start
    return min([delivery.start for delivery in deliveries], default=None)


def _checked(end: Fact, start: int, stop: int, *, measured: bool = True) -> Interval:
    """Return an interval, clamped when it contradicts the times of the event that ended it."""
    far = end.timestamp > stop + _TOLERANCE or end.timestamp < start - _TOLERANCE
    clamped = far or end.ended_at < start or start < 0
    return Interval(max(0, start), max(0, stop), clamped, measured)
