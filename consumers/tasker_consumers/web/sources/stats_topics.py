"""The source of live tasks: the topic of statistics, or the events themselves as long as no worker wrote any."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tasker_consumers.replay.reading.select_records import SelectedRecords
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.stats.reading.sources import Stats, StatsSource
from tasker_consumers.stats.reading.topics import open_topics
from tasker_consumers.trace_view.rebuild import rebuild
from tasker_schemas.errors import BackendUnavailable, UsageError
from tasker_schemas.names import Family
from tasker_schemas.registry.lookup import open_lookup
from tasker_schemas.topics import stats_topic

#: Records that are folded at most, and seconds between two folds.
_MOST_RECORDS, _EVERY_S = 200_000, 10.0
_MILLIS = 1000


@contextmanager
def open_stats_source(settings: ConsumerSettings) -> Iterator[StatsSource]:
    """Yield the topic of statistics, or the events as long as the topic is empty or does not exist.

    Raises BackendUnavailable when Kafka does not answer.
    """
    if not _has_statistics(settings):
        yield FoldedEvents(settings)
        return
    with open_topics(settings.kafka, settings.topic_prefix) as topics:
        yield topics


def _has_statistics(settings: ConsumerSettings) -> bool:
    try:
        with open_topics(settings.kafka, settings.topic_prefix) as topics:
            return not topics.is_empty()
    except UsageError:  # nobody made the topic
        return False


class FoldedEvents:
    """The statistics of all tasks, folded from their events every few seconds; a source that serves small systems."""

    unreadable = 0

    def __init__(self, settings: ConsumerSettings) -> None:
        self.name = "Kafka"
        self._settings = settings
        self._folded_at = float("-inf")

    def backlog(self) -> Iterator[Stats]:
        """See `StatsSource`."""
        yield from self._fold()

    def changes(self, wait_s: float) -> list[Stats]:
        """See `StatsSource`; raises BackendUnavailable as soon as a worker writes statistics, to be opened anew."""
        time.sleep(wait_s)
        if time.monotonic() - self._folded_at < _EVERY_S:
            return []
        if _has_statistics(self._settings):
            raise BackendUnavailable(f"{stats_topic(self._settings.topic_prefix)} has statistics now")
        return self._fold()

    def silence_s(self) -> float:
        """See `StatsSource`; a fold that gets no answer raises."""
        return 0.0

    def windows(self, kind: str, name: str, length_s: int) -> list[Stats]:
        """See `StatsSource`; only a worker keeps windows."""
        del kind, name, length_s
        return []

    def _fold(self) -> list[Stats]:
        selection = Selection(families=frozenset(Family) - {Family.CUSTOM}, limit=_MOST_RECORDS)
        records = SelectedRecords(self._settings.kafka, selection, self._settings.topic_prefix)
        try:
            tasks = rebuild(records, open_lookup(self._settings.registry)).tasks()
        except UsageError:  # no topic of events either
            tasks = []
        self._folded_at = time.monotonic()
        return tasks
