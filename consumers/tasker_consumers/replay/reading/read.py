"""Reads ranges of offsets, and yields the records that are selected, in the order of their arrival."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, KafkaException, TopicPartition

from tasker_consumers.kafka.offsets import TIMEOUT_S
from tasker_consumers.kafka.standalone import open_standalone, poll_batch
from tasker_consumers.replay.reading.offset_range import OffsetRange
from tasker_consumers.replay.reading.time_order import TimeOrder
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.selection import Matcher, Selection
from tasker_schemas.errors import BackendUnavailable, PoisonReason, PoisonRecord


class ReadingProgress(Protocol):
    """Hears how far reading is."""

    def start(self, offsets: int) -> None:
        """Begin with ranges of so many offsets."""

    def advance(self, offsets: int, size: int, matches: int) -> None:
        """Go on by a batch: its offsets, its bytes, and how many of its records are selected."""


class NoProgress:
    """A progress that nobody looks at."""

    def start(self, offsets: int) -> None:
        """See `ReadingProgress`."""

    def advance(self, offsets: int, size: int, matches: int) -> None:
        """See `ReadingProgress`."""


NO_PROGRESS = NoProgress()


def open_source(kafka: Mapping[str, str]) -> AbstractContextManager[Any]:
    """Return the consumer that plans and reads."""
    return open_standalone(kafka, "tasker-replay", report_ends=True)


def read(
    consumer: Any,
    ranges: Sequence[OffsetRange],
    matcher: Matcher | None = None,
    progress: ReadingProgress = NO_PROGRESS,
    limit: int | None = None,
) -> Iterator[StoredRecord]:
    """Yield the matching records of the ranges, by time of arrival; all records without a matcher.

    Of each partition no more records are read than `limit`, for a caller who takes so many of all together.
    Raises BackendUnavailable when Kafka sends nothing for ten seconds.
    """
    matcher = matcher or Matcher(Selection(), _no_payload)
    ends = {(span.topic, span.partition): span.end for span in ranges}
    order, paused = TimeOrder(ends, limit), set[tuple[str, int]]()
    progress.start(sum(span.end - span.start for span in ranges))
    consumer.assign([TopicPartition(span.topic, span.partition, span.start) for span in ranges])
    while ends:
        messages = poll_batch(consumer, TIMEOUT_S)
        if not messages:
            raise BackendUnavailable(f"Kafka sent nothing for {TIMEOUT_S:.0f} s; {len(ends)} partitions are not read")
        _take(consumer, messages, ends, order, matcher, progress)
        yield from order.ready()
        paused = _pause(consumer, paused & ends.keys(), order.ahead())


def _take(
    consumer: Any,
    messages: Sequence[Any],
    ends: dict[tuple[str, int], int],
    order: TimeOrder,
    matcher: Matcher,
    progress: ReadingProgress,
) -> None:
    """Take in a batch of messages, and let go of the partitions that are read to their end."""
    count = size = matches = 0
    for message in messages:
        partition = (message.topic(), message.partition())
        error = message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  its public name
            raise KafkaException(error)
        end, offset = ends.get(partition), message.offset()
        if end is None:
            continue  # fetched before the partition was let go
        if error is None and offset < end:
            timestamp = message.timestamp()[1] if message.timestamp()[0] else None
            order.advance(partition, timestamp)
            count, size = count + 1, size + len(message)
            if matcher.fits(message.key(), timestamp) and matcher.matches(record := stored_record(message)):
                order.push(record)
                matches += 1
        # Offsets have gaps where records were compacted away, so the last offset itself may never come.
        if offset >= end - 1 or order.has_enough(partition):
            del ends[partition]
            order.finish(partition)
            consumer.incremental_unassign([TopicPartition(*partition)])
    progress.advance(count, size, matches)


def _pause(consumer: Any, paused: set[tuple[str, int]], ahead: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Pause the partitions that are ahead, resume those that are not, and return which are paused."""
    if stopped := ahead - paused:
        consumer.pause([TopicPartition(*partition) for partition in stopped])
    if resumed := paused - ahead:
        consumer.resume([TopicPartition(*partition) for partition in resumed])
    return ahead


def stored_record(message: Any) -> StoredRecord:
    """Return a message of Kafka's client as a value."""
    kind, timestamp = message.timestamp()
    return StoredRecord(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        timestamp=timestamp if kind else None,
        key=message.key(),
        value=message.value(),
        headers=tuple(message.headers() or ()),
        appended=kind == TIMESTAMP_LOG_APPEND_TIME,
    )


def _no_payload(_record: StoredRecord) -> Mapping[str, Any]:
    raise PoisonRecord(PoisonReason.UNKNOWN_SCHEMA, "no selection asks for payloads")
