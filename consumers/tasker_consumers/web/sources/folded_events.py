"""The statistics of tasks folded from their events, as long as no worker wrote any."""

import time
from collections.abc import Callable, Iterator, Sequence

from tasker_consumers.replay.reading.offset_range import OffsetRange
from tasker_consumers.replay.reading.plan import Plan
from tasker_consumers.replay.reading.read import open_source, read
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.stats.reading.sources import Stats
from tasker_consumers.trace_view.rebuild import rebuild
from tasker_schemas.errors import BackendUnavailable, UsageError
from tasker_schemas.names import Family
from tasker_schemas.registry.lookup import open_lookup

#: Events that are folded at most, and seconds between two folds.
MOST_EVENTS, _EVERY_S = 200_000, 10.0
_FAMILIES = frozenset(Family) - {Family.CUSTOM}


class FoldedEvents:
    """A source that folds the newest events every few seconds until `has_statistics`; it serves small systems."""

    unreadable = 0
    name = "Kafka"

    def __init__(self, settings: ConsumerSettings, has_statistics: Callable[[], bool]) -> None:
        #: A sentence on the tasks that are left out; None while all events are read.
        self.notice: str | None = None
        self._settings = settings
        self._has_statistics = has_statistics
        self._folded_at = float("-inf")

    def backlog(self) -> Iterator[Stats]:
        """See `StatsSource`."""
        yield from self._fold()

    def changes(self, wait_s: float) -> list[Stats]:
        """See `StatsSource`; raises BackendUnavailable as soon as a worker writes statistics, to be opened anew."""
        time.sleep(wait_s)
        if time.monotonic() - self._folded_at < _EVERY_S:
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
        kafka, lookup = self._settings.kafka, open_lookup(self._settings.registry)
        try:
            with open_source(kafka) as planner:
                ranges = Plan(planner, kafka, Selection(families=_FAMILIES), self._settings.topic_prefix).first()
        except UsageError:  # no topic of events either
            ranges = []
        newest = newest_part(ranges, MOST_EVENTS)
        self.notice = _notice() if newest != ranges else None
        tasks = []
        if newest:
            with open_source(kafka) as reader:
                tasks = rebuild(read(reader, newest), lookup).tasks()
        self._folded_at = time.monotonic()
        return tasks


def newest_part(ranges: Sequence[OffsetRange], count: int) -> list[OffsetRange]:
    """Return the ends of ranges with at most `count` offsets together, the same part of each.

    >>> newest_part([OffsetRange("t", 0, 0, 30), OffsetRange("t", 1, 5, 15)], 20)
    [OffsetRange(topic='t', partition=0, start=15, end=30), OffsetRange(topic='t', partition=1, start=10, end=15)]
    """
    total = sum(span.end - span.start for span in ranges)
    if total <= count:
        return list(ranges)
    return [span._replace(start=span.end - (span.end - span.start) * count // total) for span in ranges]


def _notice() -> str:
    return (
        f"From the newest {MOST_EVENTS:,} events alone: older tasks are not shown, and some lack their begin. "
        "A worker of `tasker run stats` keeps them all."
    )
