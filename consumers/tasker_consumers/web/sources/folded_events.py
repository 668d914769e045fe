"""The statistics of tasks folded from their events, as long as no worker wrote any."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from tasker_consumers.replay.reading.offset_range import NOTHING, OffsetRange, Reached
from tasker_consumers.replay.reading.plan import Plan
from tasker_consumers.replay.reading.read import open_source, read
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.stats.reading.sources import Stats
from tasker_consumers.web.sources.live.folded_tasks import FoldedTasks
from tasker_schemas.errors import BackendUnavailable, UsageError
from tasker_schemas.names import Family
from tasker_schemas.registry.lookup import open_lookup

#: Events that are folded at most, and seconds between two folds.
MOST_EVENTS, EVERY_S = 200_000, 10.0
_FAMILIES = frozenset(Family) - {Family.CUSTOM}


class FoldedEvents:
    """A source that folds new events every few seconds until `has_statistics`; it serves small systems.

    It begins with the newest events, and begins anew when it holds twice as many.
    """

    unreadable = 0
    name = "Kafka"

    def __init__(self, settings: ConsumerSettings, has_statistics: Callable[[], bool]) -> None:
        #: A sentence on the tasks that are left out; None while all events are read.
        self.notice: str | None = None
        self._settings = settings
        self._has_statistics = has_statistics
        self._tasks = FoldedTasks(open_lookup(settings.registry))
        self._folded_at = float("-inf")
        self._reached = NOTHING
        self._count = 0

    def backlog(self) -> Iterator[Stats]:
        """See `StatsSource`."""
        self._reached = NOTHING
        yield from self._fold()

    def changes(self, wait_s: float) -> list[Stats]:
        """See `StatsSource`; raises BackendUnavailable as soon as a worker writes statistics, to be opened anew."""
        time.sleep(wait_s)
        if time.monotonic() - self._folded_at < EVERY_S:
            return []
        if self._has_statistics():
            raise BackendUnavailable("a worker writes statistics now")
        return self._fold()

    def silence_s(self) -> float:
        """See `StatsSource`; a fold that gets no answer raises."""
        return 0.0

    def windows(self, kind: str, name: str, length_s: int) -> list[Stats]:
        """See `StatsSource`; only a worker keeps windows."""
        del kind, name, length_s
        return []

    def _fold(self) -> list[Stats]:
        """Fold the events that are new, and return the statistics of their tasks."""
        kafka = self._settings.kafka
        try:
            with open_source(kafka) as planner:
                ranges = Plan(planner, kafka, Selection(families=_FAMILIES), self._settings.topic_prefix).first()
        except UsageError:  # no topic of events either
            ranges = []
        unread = self._unread(ranges)
        changed = []
        if unread:
            with open_source(kafka) as reader:
                changed = self._tasks.fold(read(reader, unread))
        self._reached = Reached({span[:2]: span.end for span in ranges})
        self._folded_at = time.monotonic()
        return changed

    def _unread(self, ranges: Sequence[OffsetRange]) -> list[OffsetRange]:
        unread = self._reached.unread(ranges)
        self._count += _offsets(unread)
        if self._reached is NOTHING or self._count > 2 * MOST_EVENTS or self._reached.is_beyond(ranges):
            unread = newest_part(ranges, MOST_EVENTS)
            self._tasks.clear()
            self._count = _offsets(unread)
            self.notice = _notice() if unread != list(ranges) else None
        return unread


def _offsets(ranges: Iterable[OffsetRange]) -> int:
    return sum(span.end - span.start for span in ranges)


def newest_part(ranges: Sequence[OffsetRange], count: int) -> list[OffsetRange]:
    """Return the ends of ranges with at most `count` offsets together, the same part of each.

    >>> newest_part([OffsetRange("t", 0, 0, 30), OffsetRange("t", 1, 5, 15)], 20)
    [OffsetRange(topic='t', partition=0, start=15, end=30), OffsetRange(topic='t', partition=1, start=10, end=15)]
    """
    total = _offsets(ranges)
    if total <= count:
        return list(ranges)
    return [span._replace(start=span.end - (span.end - span.start) * count // total) for span in ranges]


def _notice() -> str:
    return (
        f"From the newest {MOST_EVENTS:,} events alone: older tasks are not shown, and some lack their begin. "
        "A worker of `tasker run stats` keeps them all."
    )
