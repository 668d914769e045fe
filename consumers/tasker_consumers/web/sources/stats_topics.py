"""The source of live tasks: the topic of statistics, or the events themselves as long as no worker wrote any."""

from collections.abc import Iterator
from contextlib import contextmanager

from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.stats.reading.sources import StatsSource
from tasker_consumers.stats.reading.topics import open_topics
from tasker_consumers.web.sources.folded_events import FoldedEvents
from tasker_schemas.errors import UsageError


@contextmanager
def open_stats_source(settings: ConsumerSettings) -> Iterator[StatsSource]:
    """Yield the topic of statistics, or the events as long as the topic is empty or does not exist.

    Raises BackendUnavailable when Kafka does not answer.
    """
    if not _has_statistics(settings):
        yield FoldedEvents(settings, lambda: _has_statistics(settings))
        return
    with open_topics(settings.kafka, settings.topic_prefix) as topics:
        yield topics


def _has_statistics(settings: ConsumerSettings) -> bool:
    try:
        with open_topics(settings.kafka, settings.topic_prefix) as topics:
            return not topics.is_empty()
    except UsageError:  # nobody made the topic
        return False
