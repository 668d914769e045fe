"""Statistics read back from the compacted topics, without a consumer group."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, KafkaException, TopicPartition

from tasker_consumers.kafka.groups import has_members
from tasker_consumers.kafka.key_partitions import partitions_of_key
from tasker_consumers.kafka.offsets import TIMEOUT_S, watermarks
from tasker_consumers.kafka.standalone import open_standalone, poll_batch
from tasker_consumers.stats.core.windows import merge, window_key_of
from tasker_consumers.stats.reading.sources import Stats
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.avro.versions import STATS_WINDOW, TASK_STATS
from tasker_schemas.errors import BackendUnavailable, PoisonRecord, UsageError
from tasker_schemas.topics import stats_topic, window_topic

Partitions = Callable[[int], Iterable[int]]
"""Returns the partitions to read, given the number of partitions."""

# A request for offsets waits behind a fetch under way, by default for half a second.
_SETTINGS = {"fetch.wait.max.ms": "50"}
#: Seconds without a record after which Kafka is asked whether it is there, and seconds to wait for its answer.
_PROBE_S, _PROBE_TIMEOUT_S = 3.0, 1.0


class TopicReader:
    """Reads a topic of statistics from its beginning, and continues where it stopped; `open_topic` makes it."""

    def __init__(self, consumer: Any, partitions: list[TopicPartition], key: bytes | None, record: str) -> None:
        self._consumer = consumer
        self._partitions = partitions
        self._key = key
        self._decode = partial(Decoder().decode, record)
        self.unreadable = 0
        self._answered_at = self._asked_at = time.monotonic()
        consumer.assign([TopicPartition(p.topic, p.partition, OFFSET_BEGINNING) for p in partitions])

    def backlog(self) -> Iterator[Stats]:
        """Yield the records up to the present end of the topic; raises BackendUnavailable when Kafka goes silent."""
        ends = self._ends()
        while unread := self._unread(ends):
            messages = poll_batch(self._consumer, TIMEOUT_S)
            if not messages:
                raise BackendUnavailable(f"Kafka sent nothing for {TIMEOUT_S:.0f} s; {unread} partitions are not read")
            yield from self._stats(messages)

    def changes(self, wait_s: float) -> list[Stats]:
        """Poll once: wait up to `wait_s` seconds for a first record, then return all that are already fetched."""
        messages = poll_batch(self._consumer, wait_s)
        if messages:
            self._answered_at = time.monotonic()
        elif time.monotonic() - max(self._answered_at, self._asked_at) > _PROBE_S:
            self._probe()
        return list(self._stats(messages))

    def silence_s(self) -> float:
        """Return the seconds since Kafka last answered."""
        return time.monotonic() - self._answered_at

    def _probe(self) -> None:
        """Ask Kafka for an offset: a topic without new records looks like a broker that is away."""
        with suppress(KafkaException):
            self._consumer.get_watermark_offsets(self._partitions[0], timeout=_PROBE_TIMEOUT_S)
            self._answered_at = time.monotonic()
        self._asked_at = time.monotonic()

    def is_empty(self) -> bool:
        """Return whether the topic has no record now."""
        return not any(self._ends().values())

    def has_read_all(self) -> bool:
        """Return whether all records were read that the topic holds now."""
        return not self._unread(self._ends())

    def _ends(self) -> dict[int, int]:
        """Return the present end offset of each partition; 0 for a partition without records."""
        bounds = {partition.partition: watermarks(self._consumer, partition) for partition in self._partitions}
        return {partition: high if low < high else 0 for partition, (low, high) in bounds.items()}

    def _unread(self, ends: Mapping[int, int]) -> int:
        """Return the number of partitions that are not read up to these ends."""
        positions = self._consumer.position(self._partitions)
        return sum(max(position.offset, 0) < ends[position.partition] for position in positions)

    def _stats(self, messages: Iterable[Any]) -> Iterator[Stats]:
        for message in messages:
            if message.error() is not None:
                if message.error().retriable():
                    continue  # the client tries again by itself
                raise KafkaException(message.error())
            if message.value() is None or (self._key is not None and message.key() != self._key):
                continue  # a tombstone, or a record of another task
            try:
                yield self._decode(message.value())
            except PoisonRecord:
                self.unreadable += 1


class StatsTopics:
    """The topics as a `StatsSource`; `open_topics` makes it."""

    name = "Kafka"

    def __init__(self, tasks: TopicReader, kafka: Mapping[str, str], prefix: str, key: bytes | None) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._key = key
        self._unreadable_elsewhere = 0
        self._tasks = tasks
        self.changes, self.silence_s, self.is_empty = tasks.changes, tasks.silence_s, tasks.is_empty

    def idle_group(self) -> str | None:
        """Return the group that writes the topics if it has no member now; None also where Kafka does not tell."""
        group = f"{self._prefix}-stats"
        return group if has_members(self._kafka, group) is False else None

    @property
    def unreadable(self) -> int:
        """See `StatsSource`."""
        return self._tasks.unreadable + self._unreadable_elsewhere

    def backlog(self) -> Iterator[Stats]:
        """See `StatsSource`; a task that its partition does not have is looked for where its key led before."""
        is_unknown = True
        for stats in self._tasks.backlog():
            is_unknown = False
            yield stats
        if is_unknown and self._key is not None:
            former = partial(_partitions_of_key, self._key, slice(1, None))
            with open_topic(self._kafka, stats_topic(self._prefix), key=self._key, partitions=former) as reader:
                yield from reader.backlog()
                self._unreadable_elsewhere = reader.unreadable

    def windows(self, kind: str, name: str, length_s: int) -> list[Stats]:
        """See `StatsSource`."""
        with open_topic(self._kafka, window_topic(self._prefix), record=STATS_WINDOW) as reader:
            keys = ((window_key_of(value), value) for value in reader.backlog())
            values = [value for key, value in keys if key[:-1] == (kind, name, length_s)]
            self._unreadable_elsewhere = reader.unreadable
        return newest_windows(values)


@contextmanager
def open_topics(kafka: Mapping[str, str], prefix: str, task_id: str | None = None) -> Iterator[StatsTopics]:
    """Yield the topics as a source; of a single task only its partition is read. Raises the errors of `open_topic`."""
    key = None if task_id is None else task_id.encode()
    partitions = range if key is None else partial(_partitions_of_key, key, slice(1))
    with open_topic(kafka, stats_topic(prefix), key=key, partitions=partitions) as tasks:
        yield StatsTopics(tasks, kafka, prefix, key)


@contextmanager
def open_topic(
    kafka: Mapping[str, str],
    topic: str,
    *,
    key: bytes | None = None,
    partitions: Partitions = range,
    record: str = TASK_STATS,
) -> Iterator[TopicReader]:
    """Yield a reader of a topic of `record`, or of its records with a key.

    Raises UsageError when the topic does not exist, and BackendUnavailable when Kafka does not answer.
    """
    with open_standalone({**kafka, **_SETTINGS}, "tasker-stats-reader") as consumer:
        metadata = consumer.list_topics(timeout=TIMEOUT_S).topics.get(topic)
        if metadata is None:
            raise UsageError(f"Kafka has no topic {topic}: is TASKER_TOPIC_PREFIX right, does `tasker run stats` run?")
        selected = [TopicPartition(topic, number) for number in partitions(len(metadata.partitions))]
        yield TopicReader(consumer, selected, key, record)


def _partitions_of_key(key: bytes, selected: slice, count: int) -> list[int]:
    return partitions_of_key(key, count)[selected]


def newest_windows(values: Iterable[Stats]) -> list[Stats]:
    """Return the windows of records `StatsWindow`: the newest record of each partition, summed."""
    newest: dict[tuple[Any, ...], Stats] = {}
    for value in values:
        key = *window_key_of(value), value["partition"]
        if key not in newest or value["revision"] >= newest[key]["revision"]:
            newest[key] = value
    return merge(newest.values())
