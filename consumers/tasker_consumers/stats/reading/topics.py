"""The compacted stats topic, read without a group: the newest statistics of each task, and what changes later."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from confluent_kafka import KafkaException, TopicPartition

from tasker_consumers.kafka.offsets import TIMEOUT_S, watermarks
from tasker_consumers.kafka.standalone import open_standalone, poll_batch
from tasker_consumers.stats.core.contribution import contribution_of
from tasker_consumers.stats.core.windows import merge, place_of
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.errors import BackendUnavailable, PoisonRecord, UsageError

Stats = dict[str, Any]
Partitions = Callable[[int], Iterable[int]]
"""Which partitions to read, given how many there are."""


class StatsReader:
    """Reads the topic from its beginning, and goes on where it stopped; `open_stats` makes it."""

    def __init__(self, consumer: Any, places: list[TopicPartition], key: bytes | None, record: str) -> None:
        self._consumer = consumer
        self._places = places
        self._key = key
        self._decode = partial(Decoder().decode, record)
        self.unreadable = 0

    def backlog(self) -> Iterator[Stats]:
        """Yield what the topic holds now; a task may come several times, with growing revisions.

        Raises BackendUnavailable when Kafka goes silent.
        """
        ends = {place.partition: watermarks(self._consumer, place) for place in self._places}
        left = {partition: high for partition, (low, high) in ends.items() if low < high}
        self._consumer.assign([TopicPartition(p.topic, p.partition, ends[p.partition][0]) for p in self._places])
        while left:
            messages = poll_batch(self._consumer, TIMEOUT_S)
            if not messages:
                raise BackendUnavailable(
                    f"Kafka sent nothing for {TIMEOUT_S:.0f} s; {len(left)} partitions are not read"
                )
            yield from self._stats(messages)
            for place in self._consumer.position(self._places):
                if place.offset >= left.get(place.partition, place.offset + 1):
                    del left[place.partition]

    def news(self, wait_s: float) -> list[Stats]:
        """Return what came since, waiting so long for the first of it."""
        return list(self._stats(poll_batch(self._consumer, wait_s)))

    def _stats(self, messages: Iterable[Any]) -> Iterator[Stats]:
        for message in messages:
            if message.error() is not None:
                raise KafkaException(message.error())
            if self._key is not None and message.key() != self._key:
                continue
            try:
                yield self._decode(message.value())
            except PoisonRecord:
                self.unreadable += 1


@contextmanager
def open_stats(
    kafka: Mapping[str, str],
    topic: str,
    *,
    key: bytes | None = None,
    partitions: Partitions = range,
    record: str = "TaskStats",
) -> Iterator[StatsReader]:
    """Yield a reader of a topic of `record`, or of those of its records that have one key.

    Raises UsageError when there is no such topic, and BackendUnavailable when Kafka does not answer.
    """
    with open_standalone(kafka, "tasker-stats-reader") as consumer:
        found = consumer.list_topics(timeout=TIMEOUT_S).topics.get(topic)
        if found is None:
            raise UsageError(f"Kafka has no topic {topic}: is TASKER_TOPIC_PREFIX right, does `tasker run stats` run?")
        places = [TopicPartition(topic, number) for number in partitions(len(found.partitions))]
        yield StatsReader(consumer, places, key, record)


def newest_windows(values: Iterable[Stats]) -> list[Stats]:
    """Return the windows that records of `StatsWindow` tell: the newest of each partition, added up."""
    newest: dict[tuple[Any, ...], Stats] = {}
    for value in values:
        place = *place_of(value), value["partition"]
        if place not in newest or value["revision"] >= newest[place]["revision"]:
            newest[place] = value
    return merge(newest.values())


class Newest:
    """The newest statistics of each task of one name, or of all: of two records the one with the higher revision."""

    def __init__(self, name: str | None = None) -> None:
        self.tasks: dict[str, Stats] = {}
        self._name = name

    def learn(self, stats: Stats) -> bool:
        """Keep a record if it is one of ours, and return whether it is news."""
        known = self.tasks.get(stats["task_id"])
        if self._name not in (None, stats["task_name"]) or (known and stats["revision"] < known["revision"]):
            return False
        self.tasks[stats["task_id"]] = stats
        return stats != known

    def going_on(self) -> list[Stats]:
        """Return those that are not over."""
        return [stats for stats in self.tasks.values() if contribution_of(stats) is None]
