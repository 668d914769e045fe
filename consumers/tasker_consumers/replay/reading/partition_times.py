"""Questions to the brokers about times and offsets of partitions."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from tasker_consumers.kafka.offsets import TIMEOUT_S, retry_while_electing, watermarks
from tasker_consumers.kafka.standalone import poll_batch
from tasker_consumers.kafka.topics import connect
from tasker_consumers.replay.reading.offset_range import OffsetRange


def whole_range(consumer: Any, topic: str, partition: int) -> OffsetRange:
    """Return all offsets that a partition has; raises KafkaException when the broker does not answer."""
    return OffsetRange(topic, partition, *watermarks(consumer, TopicPartition(topic, partition)))


def offsets_at(consumer: Any, spans: Sequence[OffsetRange], timestamp: int) -> list[int]:
    """Return the first offset of each partition whose record is not older; past every end if there is none.

    Raises KafkaException when a broker does not answer.
    """
    if not spans:
        return []
    # Negative times would be orders to the broker: the beginning and the end.
    asked_for = [TopicPartition(span.topic, span.partition, max(0, timestamp)) for span in spans]
    answers = retry_while_electing(lambda: consumer.offsets_for_times(asked_for, timeout=TIMEOUT_S))
    offsets = {}
    for answer in answers:
        if answer.error is not None:
            raise KafkaException(answer.error)
        offsets[answer.topic, answer.partition] = answer.offset if answer.offset >= 0 else sys.maxsize
    return [offsets[span.topic, span.partition] for span in spans]


def first_times(kafka: Mapping[str, str], spans: Sequence[OffsetRange]) -> dict[tuple[str, int], int]:
    """Return the time of the first record of each partition with records, in milliseconds, by topic and partition.

    Raises KafkaException when a broker does not answer.
    """
    filled = [TopicPartition(span.topic, span.partition) for span in spans if span.start < span.end]
    if not filled:
        return {}
    admin = connect(kafka)  # its answers end with it
    futures = admin.list_offsets(dict.fromkeys(filled, OffsetSpec.for_timestamp(0)), request_timeout=TIMEOUT_S)
    results = {(partition.topic, partition.partition): future.result() for partition, future in futures.items()}
    return {key: result.timestamp for key, result in results.items() if result.offset >= 0}


def append_times(consumer: Any, spans: Sequence[OffsetRange]) -> set[tuple[str, int]]:
    """Return the partitions, by topic and number, whose first record has the time of its arrival.

    Times never go back in those, unless the topic was set to `CreateTime` later. Raises KafkaException when a broker
    does not answer.
    """
    open_spans = {(span.topic, span.partition): span for span in spans if span.start < span.end}
    consumer.assign([TopicPartition(span.topic, span.partition, span.start) for span in open_spans.values()])
    appended = set()
    while open_spans and (messages := poll_batch(consumer, TIMEOUT_S, 1)):
        for message in messages:
            partition = (message.topic(), message.partition())
            if partition in open_spans:
                del open_spans[partition]
                consumer.incremental_unassign([TopicPartition(*partition)])
                if message.error() is None and message.timestamp()[0] == TIMESTAMP_LOG_APPEND_TIME:
                    appended.add(partition)
    consumer.unassign()
    return appended
