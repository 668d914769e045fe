"""Read topics from one place to another, without a group: no offset is stored and nobody is disturbed.

First `plan` asks the broker which offsets hold the wanted time range, then `read` reads exactly those. The end is the
end of the topic as it was when the plan was made, so that reading a live topic ends.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from tasker_consumers.kafka.offsets import TIMEOUT_S, watermarks
from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.kafka.standalone import open_standalone, poll_batch
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.select import Selection
from tasker_schemas.errors import BackendUnavailable, UsageError

#: Services hand events over in about the order of their times, not exactly: so much later than `until` is looked at.
LATENESS_MS = 60_000


@dataclass(frozen=True, slots=True)
class OffsetRange:
    """Offsets of one partition, `start` in, `end` out."""

    topic: str
    partition: int
    start: int
    end: int


def open_source(kafka: Mapping[str, str]) -> AbstractContextManager[Any]:
    """Return the consumer that `plan` and `read` work with."""
    return open_standalone(kafka, "tasker-replay", tell_ends=True)


def plan(consumer: Any, selection: Selection, prefix: str) -> list[OffsetRange]:
    """Return what has to be read for a selection; a task's records are all in one partition of each topic.

    Raises UsageError when none of the topics exists.
    """
    topics = selection.topics(prefix)
    existing = {name: len(topic.partitions) for name, topic in consumer.list_topics(timeout=TIMEOUT_S).topics.items()}
    if not existing.keys() & set(topics):
        raise UsageError(f"none of the topics {', '.join(topics)} exists; is TASKER_TOPIC_PREFIX right?")
    places = [
        TopicPartition(topic, partition)
        for topic in topics
        if topic in existing
        for partition in _partitions(selection, existing[topic])
    ]
    ends = _ends(consumer, places, selection.until)
    starts = _starts(consumer, places, selection.since)
    return [
        OffsetRange(place.topic, place.partition, start, end)
        for place, start, end in zip(places, starts, ends, strict=True)
        if start < end
    ]


def read(consumer: Any, ranges: Sequence[OffsetRange]) -> Iterator[StoredRecord]:
    """Yield the records of the ranges, each partition in its order.

    Raises BackendUnavailable when Kafka goes silent.
    """
    left = {(r.topic, r.partition): r.end for r in ranges}
    consumer.assign([TopicPartition(r.topic, r.partition, r.start) for r in ranges])
    while left:
        messages = poll_batch(consumer, TIMEOUT_S)
        if not messages:
            raise BackendUnavailable(f"Kafka sent nothing for {TIMEOUT_S:.0f} s; {len(left)} partitions are not read")
        for message in messages:
            place = (message.topic(), message.partition())
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  its public name
                raise KafkaException(error)
            end = left.get(place)
            if end is None:
                continue  # fetched before the partition was let go
            if error is None and message.offset() < end:
                yield _stored(message)
            # Offsets have gaps where records were compacted away, so the end may never be seen itself.
            if message.offset() >= end - 1:
                del left[place]
                consumer.incremental_unassign([TopicPartition(*place)])


def select_records(kafka: Mapping[str, str], selection: Selection, prefix: str) -> Iterator[StoredRecord]:
    """Yield the records of a selection; reads only the partitions and the time range that can hold them."""
    with open_source(kafka) as consumer:
        for record in read(consumer, plan(consumer, selection, prefix)):
            if selection.matches(record):
                yield record


def _partitions(selection: Selection, count: int) -> Sequence[int]:
    return range(count) if selection.task_id is None else [partition_of(selection.task_id.encode(), count)]


def _starts(consumer: Any, places: list[TopicPartition], since: int | None) -> list[int]:
    if since is None:
        return [watermarks(consumer, place)[0] for place in places]
    return _offsets_at(consumer, places, since)


def _ends(consumer: Any, places: list[TopicPartition], until: int | None) -> list[int]:
    ends = [watermarks(consumer, place)[1] for place in places]
    if until is None:
        return ends
    return [min(pair) for pair in zip(_offsets_at(consumer, places, until + LATENESS_MS), ends, strict=True)]


def _offsets_at(consumer: Any, places: list[TopicPartition], timestamp: int) -> list[int]:
    """Return the first offset of each partition whose record is not older; past every end if there is none."""
    if not places:
        return []
    asked = [TopicPartition(place.topic, place.partition, timestamp) for place in places]
    found = {(f.topic, f.partition): f for f in consumer.offsets_for_times(asked, timeout=TIMEOUT_S)}
    answers = [found[place.topic, place.partition] for place in places]
    for answer in answers:
        if answer.error is not None:
            raise KafkaException(answer.error)
    return [answer.offset if answer.offset >= 0 else sys.maxsize for answer in answers]


def _stored(message: Any) -> StoredRecord:
    kind, timestamp = message.timestamp()
    return StoredRecord(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        timestamp=timestamp if kind else None,
        key=message.key(),
        value=message.value(),
        headers=tuple(message.headers() or ()),
    )
