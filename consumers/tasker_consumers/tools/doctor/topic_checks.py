"""Whether the topics are there, can be joined, survive a broker, and carry a record."""

import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import NewTopic

from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.kafka.topics import differing, list_topics
from tasker_consumers.replay.reading.offset_range import OffsetRange
from tasker_consumers.replay.reading.read import open_source, read
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.tools.doctor.connection import TIMEOUT_S, Connection
from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_schemas.errors import BackendUnavailable

#: Partitions of the doctor's topic.
_PROBE_PARTITIONS = 6
#: From so many seconds between the clocks on, times of arrival and of events do not go together.
_CLOCK_TOLERANCE_S = 2.0


def check_topics(kafka: Mapping[str, str], connection: Connection, prefix: str) -> Iterator[Finding]:
    """Yield whether all topics exist with the same number of partitions, and how often they are replicated."""
    states = list_topics(kafka, prefix)
    missing = [state.name for state in states if state.partitions is None]
    if missing:
        yield Finding("topics", Verdict.FAILED, f"missing: {', '.join(missing)}", "`tasker topics create` makes them")
        return
    if odd_counts := differing(states):
        names = ", ".join(f"{state.name} ({state.partitions})" for state in odd_counts)
        detail = f"partition counts differ, streams cannot be joined: {names}"
        yield Finding("topics", Verdict.FAILED, detail, "raise the smaller ones with kafka-topics.sh --alter")
    else:
        yield Finding("topics", Verdict.OK, f"{len(states)} topics, {states[0].partitions} partitions each")
    metadata = connection.topics()
    single = [
        state.name
        for state in states
        if any(len(partition.replicas) < 2 for partition in metadata[state.name].partitions.values())  # noqa: PLR2004
    ]
    if single:
        detail = f"{len(single)} topics have one replica: a broker that is lost takes their records with it"
        yield Finding("replication", Verdict.WARNING, detail, "set TASKER_REPLICATION_FACTOR before topics are made")
    else:
        yield Finding("replication", Verdict.OK, "every topic has more than one replica")


def check_round_trip(kafka: Mapping[str, str], connection: Connection, prefix: str) -> Iterator[Finding]:
    """Send a record through a topic of the doctor's own, compare the clocks with it, and remove the topic.

    The topic has a fixed name: where deleting is not allowed it stays, and the next call uses it again.
    """
    topic = f"{prefix}.doctor"
    _make_topic(connection, topic)
    started = time.perf_counter()
    sent_at = time.time()
    try:
        record = _send_and_read(kafka, topic, uuid4().bytes)
        partitions = len(connection.topics()[topic].partitions)
    finally:
        stays = _delete_topic(connection, topic)
    took = (time.perf_counter() - started) * 1000
    yield _probe_finding(record, partitions, f"came back in {took:.0f} ms{stays}")
    yield from _check_clock(record, sent_at)


def _probe_finding(record: StoredRecord, partitions: int, outcome: str) -> Finding:
    """Return whether the probe record went to the partition where all tools look for its key."""
    expected = partition_of(record.key or b"", partitions)
    if record.partition == expected:
        return Finding("round trip", Verdict.OK, f"a record went to the partition of its key and {outcome}")
    detail = f"a record went to partition {record.partition}, not to {expected} as its key says, and {outcome}"
    return Finding("round trip", Verdict.FAILED, detail, "is another librdkafka installed? see `tasker --version`")


def _make_topic(connection: Connection, topic: str) -> None:
    config = {"message.timestamp.type": "LogAppendTime", "retention.ms": "3600000"}
    new_topic = NewTopic(topic, _PROBE_PARTITIONS, config=config)
    futures = connection.admin.create_topics([new_topic], request_timeout=TIMEOUT_S)
    try:
        futures[topic].result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise BackendUnavailable(f"topic {topic} cannot be made: {error.args[0].str()}") from error


def _delete_topic(connection: Connection, topic: str) -> str:
    """Delete the topic; return a sentence for the user if the topic stays."""
    try:
        connection.admin.delete_topics([topic], request_timeout=TIMEOUT_S)[topic].result()
    except KafkaException as error:
        denied = error.args[0].code() in _DENIALS
        return f" ({topic} stays: deleting is not allowed)" if denied else f" ({topic} stays: {error})"
    return ""


_DENIALS = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.INVALID_REQUEST,  # the answer of a broker with delete.topic.enable=false
    KafkaError.TOPIC_DELETION_DISABLED,
}


def _send_and_read(kafka: Mapping[str, str], topic: str, value: bytes) -> StoredRecord:
    delivered: list[tuple[str | None, int, int]] = []

    def settle(error: KafkaError | None, message: Any) -> None:
        delivered.append((None if error is None else error.str(), message.partition(), message.offset()))

    producer = Producer({"log_level": 0, **kafka, "partitioner": "murmur2_random"})
    producer.produce(topic, value, key=value, on_delivery=settle)
    if producer.flush(TIMEOUT_S) or not delivered:
        raise BackendUnavailable(f"the record for {topic} was not acknowledged within {TIMEOUT_S:.0f} s")
    problem, partition, offset = delivered[0]
    if problem is not None:
        raise BackendUnavailable(f"{topic} did not take a record: {problem}")
    with open_source(kafka) as consumer:
        records = list(read(consumer, [OffsetRange(topic, partition, offset, offset + 1)]))
    if [record.value for record in records] != [value]:
        raise BackendUnavailable(f"a record was sent to {topic}, and another came back")
    return records[0]


def _check_clock(record: StoredRecord, sent_at: float) -> Iterator[Finding]:
    if not record.appended or record.timestamp is None:
        return
    difference = record.timestamp / 1000 - sent_at
    detail = f"the broker's clock is {abs(difference):.1f} s {'ahead' if difference > 0 else 'behind'}"
    if abs(difference) > _CLOCK_TOLERANCE_S:
        yield Finding("clock", Verdict.WARNING, detail, "let both follow a time server (NTP)")
    else:
        yield Finding("clock", Verdict.OK, f"the clocks agree within {_CLOCK_TOLERANCE_S:.0f} s")
