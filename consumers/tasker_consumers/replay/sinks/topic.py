"""Publish records again: byte for byte, at their own times, marked as replayed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import ConfigResource

from tasker_consumers.kafka.topics import TIMEOUT_S, cluster_id, connect, partitions_by_topic
from tasker_consumers.replay.reading.partition_times import whole_range
from tasker_consumers.replay.reading.read import open_source, read
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.replay.sinks.headers import ALL_HEADERS, HeaderRule
from tasker_schemas.errors import BackendUnavailable, UsageError
from tasker_schemas.topics import all_topics

DELIVERY_LIMIT_S = 60.0


def records_of_topics(kafka: Mapping[str, str], topics: Iterable[str]) -> Iterator[StoredRecord]:
    """Yield all records of topics; raises BackendUnavailable when no broker answers."""
    with open_source(kafka) as consumer:
        existing = consumer.list_topics(timeout=TIMEOUT_S).topics
        ranges = [
            whole_range(consumer, topic, partition)
            for topic in sorted(set(topics) & existing.keys())
            for partition in existing[topic].partitions
        ]
    with open_source(kafka) as consumer:
        yield from read(consumer, [span for span in ranges if span.start < span.end])


def is_same_cluster(kafka: Mapping[str, str], source: Mapping[str, str]) -> bool:
    """Return whether a target is the cluster that is read; a file that is read can outlive its cluster.

    Raises BackendUnavailable when no broker of the target answers.
    """
    target_id = cluster_id(kafka)
    try:
        return target_id == cluster_id(source)
    except BackendUnavailable:
        return False


def check_target(target: str, selection: Selection, prefix: str, *, allow_live: bool) -> None:
    """Refuse a target that live consumers read, unless that is allowed, and a target that the records would not fit.

    Raises UsageError.
    """
    if target not in {topic.name for topic in all_topics(prefix)}:
        return
    if not allow_live:
        raise UsageError(f"{target} is read by live consumers; add --allow-live if that is what you want")
    if selection.topics(prefix) != (target,):
        raise UsageError(f"{target} takes only its own records; narrow the selection with --family")


class TargetTopic:
    """The cluster's facts about a topic that records are published to.

    Raises UsageError when the topic does not exist, and BackendUnavailable when no broker answers.
    """

    def __init__(self, kafka: Mapping[str, str], topic: str) -> None:
        admin = connect(kafka)
        if topic not in partitions_by_topic(admin):
            raise UsageError(f"there is no topic {topic}; create it first, with message.timestamp.type=LogAppendTime")
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        try:
            config = admin.describe_configs([resource], request_timeout=TIMEOUT_S)[resource].result()
        except KafkaException as error:
            raise BackendUnavailable(f"{topic} does not tell its settings: {error.args[0].str()}") from error
        self.name = topic
        self._appends_time = config["message.timestamp.type"].value == "LogAppendTime"
        self._retention_ms = int(config["retention.ms"].value)

    def check_times(self, oldest: int | None, present: int) -> None:
        """Raise UsageError when the topic would soon delete records of this time; both in milliseconds."""
        if self._appends_time or self._retention_ms < 0 or oldest is None:
            return
        if present - oldest > self._retention_ms:
            hours = self._retention_ms / 3_600_000
            raise UsageError(
                f"{self.name} keeps {hours:g} h by the records' own times (CreateTime), and the oldest selected "
                f"record is older: Kafka would delete it; add --now to give all records the present time"
            )


def republish(
    kafka: Mapping[str, str],
    records: Iterable[StoredRecord],
    target: str | None,
    replay_id: str,
    *,
    keep_times: bool = True,
    headers: HeaderRule = ALL_HEADERS,
) -> Counter[str]:
    """Publish the records, and return their number by the topic they came from.

    Without a target each goes to its own topic. Without `keep_times` they get the present time.

    Raises BackendUnavailable unless every record was acknowledged.
    """
    counts: Counter[str] = Counter()

    def outgoing() -> Iterator[OutgoingRecord]:
        for record in records:
            counts[record.topic] += 1
            times = {"timestamp": record.timestamp} if keep_times and record.timestamp is not None else {}
            yield {
                "topic": target or record.topic,
                "value": record.value,
                "key": record.key,
                "headers": headers.stamped(record, replay_id),
                **times,
            }

    _deliver(kafka, outgoing())
    return counts


def put_back(kafka: Mapping[str, str], records: Iterable[StoredRecord]) -> None:
    """Publish records to the partitions that they name, byte for byte, without marks.

    Raises BackendUnavailable unless every record was acknowledged.
    """
    _deliver(
        kafka,
        (
            {
                "topic": record.topic,
                "partition": record.partition,
                "value": record.value,
                "key": record.key,
                "headers": list(record.headers),
            }
            for record in records
        ),
    )


OutgoingRecord = dict[str, Any]
"""The arguments of a producer's `produce`."""


def _deliver(kafka: Mapping[str, str], records: Iterable[OutgoingRecord]) -> None:
    failed: list[str] = []
    count = 0
    producer = Producer({"log_level": 0, **kafka, **_EXACT})
    try:
        for record in records:
            _produce(producer, record, failed)
            count += 1
    except KafkaException as error:
        raise BackendUnavailable(f"Kafka did not take the records: {error.args[0].str()}") from error
    unsent = producer.flush(DELIVERY_LIMIT_S)
    if unsent or failed:
        reason = failed[0] if failed else f"no answer within {DELIVERY_LIMIT_S:.0f} s"
        raise BackendUnavailable(f"Kafka did not take {unsent + len(failed)} of {count} records: {reason}")


_EXACT = {
    "partitioner": "murmur2_random",  # the key's partition, where the folds expect it
    "enable.idempotence": True,  # the order of a partition is kept, also when a batch is sent again
    "compression.type": "lz4",
    "linger.ms": 20,
}


def _produce(producer: Any, record: OutgoingRecord, failed: list[str]) -> None:
    def settle(error: Any, _message: Any) -> None:
        if error is not None:
            failed.append(error.str())

    while True:
        try:
            producer.produce(**record, on_delivery=settle)
        except BufferError:
            producer.poll(0.5)  # the queue is full: let deliveries go out, then try the same record again
        else:
            producer.poll(0)
            return
