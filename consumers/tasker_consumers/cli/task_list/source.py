"""The source of listed tasks: a stats worker, its topic, or the events."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tasker_consumers.cli.output import complain
from tasker_schemas.errors import BackendUnavailable, UsageError

if TYPE_CHECKING:
    from tasker_consumers.settings import ConsumerSettings
    from tasker_consumers.stats.reading.sources import StatsSource


def all_tasks(settings: "ConsumerSettings", url: str | None, name: str | None) -> Iterable[Mapping[str, Any]]:
    """Return the statistics of tasks from the first source that has any: a worker, its topic, the events themselves.

    A worker is asked at `url`, unless None, for the tasks of that name. Raises ConfigurationError without a Kafka.
    """
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.cli.task_list.events import tasks_of_events
    from tasker_consumers.stats.reading.sources import LatestStats
    from tasker_consumers.stats.reading.topics import open_topics
    from tasker_consumers.stats.reading.worker import StatsWorker

    if url:
        try:
            return list(StatsWorker(url, None, name).backlog())
        except BackendUnavailable as error:
            complain(f"{error}; reading the topic instead")
    settings = read_settings_with_kafka()
    latest = LatestStats()
    try:
        with open_topics(settings.kafka, settings.topic_prefix) as topics:
            for stats in topics.backlog():
                latest.learn(stats)
    except UsageError:
        latest.tasks.clear()  # there is no such topic: no worker ever ran
    if latest.tasks:
        return latest.tasks.values()
    complain("no stats worker wrote statistics; reading the events instead")
    return tasks_of_events()


@contextmanager
def open_source(settings: "ConsumerSettings", url: str | None, name: str | None) -> "Iterator[StatsSource]":
    """Yield the source of tasks that change: the worker at `url`, else the topics of statistics.

    Raises ConfigurationError without a Kafka, and UsageError when no worker ever wrote statistics.
    """
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.stats.reading.topics import open_topics
    from tasker_consumers.stats.reading.worker import StatsWorker

    if url:
        yield StatsWorker(url, None, name, ended=True)
        return
    settings = read_settings_with_kafka()
    with open_topics(settings.kafka, settings.topic_prefix) as topics:
        yield topics
