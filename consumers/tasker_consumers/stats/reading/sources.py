"""Statistics read back from the compacted topics, with the same methods as those asked of a worker (`ask.py`)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.stats.reading.topics import Stats, StatsReader, newest_windows, open_stats
from tasker_schemas.topics import stats_topic, window_topic


class StatsTopics:
    """What the topics hold; `open_topics` makes it."""

    def __init__(self, tasks: StatsReader, kafka: Mapping[str, str], prefix: str) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._unreadable_windows = 0
        self._tasks = tasks
        self.backlog, self.news = tasks.backlog, tasks.news

    @property
    def unreadable(self) -> int:
        """How many records could not be read."""
        return self._tasks.unreadable + self._unreadable_windows

    def windows(self, kind: str, name: str, length_s: int) -> list[Stats]:
        """Return the windows of tasks or steps of one name, by time."""
        wanted = kind, name, length_s
        with open_stats(self._kafka, window_topic(self._prefix), record="StatsWindow") as reader:
            found = [one for one in reader.backlog() if (one["kind"], one["name"], one["window_s"]) == wanted]
            self._unreadable_windows = reader.unreadable
        return newest_windows(found)


@contextmanager
def open_topics(kafka: Mapping[str, str], prefix: str, task_id: str | None = None) -> Iterator[StatsTopics]:
    """Yield what the topics hold; of one task only its partition is read. Raises what `open_stats` raises."""
    key = None if task_id is None else task_id.encode()
    partitions = range if key is None else lambda count: [partition_of(key, count)]
    with open_stats(kafka, stats_topic(prefix), key=key, partitions=partitions) as tasks:
        yield StatsTopics(tasks, kafka, prefix)
