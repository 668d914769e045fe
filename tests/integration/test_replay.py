"""Replay on a real broker: only what is needed is read, and what is published again is the same, with marks."""

import pytest
from confluent_kafka import Producer

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.select import Selection
from tasker_consumers.replay.sinks.topic import republish
from tasker_consumers.replay.source import LATENESS_MS, open_source, plan, read, select_records
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family

PARTITIONS = 4
HOUR = 3_600_000
START = 1_700_000_000_000
STEPS = frozenset({Family.STEP})


@pytest.fixture
def connection(kafka: KafkaSource) -> dict[str, str]:
    return {"bootstrap.servers": kafka.bootstrap_servers}


@pytest.fixture
def history(connection: dict[str, str], topic_prefix: str) -> str:
    """A prefix whose step topic holds one record of each of 20 tasks in each of 10 hours."""
    create_topics(connection, topic_prefix, partitions=PARTITIONS)
    producer = Producer({**connection, "partitioner": "murmur2_random"})
    for hour in range(10):
        for task in range(20):
            producer.produce(
                f"{topic_prefix}.events.step",
                f"value {hour}".encode(),
                f"task-{task}".encode(),
                timestamp=START + hour * HOUR,
                headers=[("ce_type", b"step.completed"), ("twice", b"1"), ("twice", b"\xff")],
            )
    assert producer.flush(20) == 0
    return topic_prefix


def by_place(records: list[StoredRecord]) -> list[StoredRecord]:
    return sorted(records, key=lambda record: (record.partition, record.offset))


def test_the_whole_topic_is_read_once_and_in_order(connection: dict[str, str], history: str) -> None:
    records = list(select_records(connection, Selection(), history))
    assert len(records) == 200
    for partition in range(PARTITIONS):
        offsets = [record.offset for record in records if record.partition == partition]
        assert offsets == sorted(set(offsets))


def test_our_partitioner_agrees_with_the_clients(connection: dict[str, str], history: str) -> None:
    records = list(select_records(connection, Selection(families=STEPS), history))
    assert all(record.partition == partition_of(record.key or b"", PARTITIONS) for record in records)


def test_one_task_in_one_range_reads_one_partition_and_little_more_than_the_range(
    connection: dict[str, str], history: str
) -> None:
    selection = Selection(task_id="task-7", families=STEPS, since=START + 3 * HOUR, until=START + 5 * HOUR)
    with open_source(connection) as consumer:
        read_all = list(read(consumer, plan(consumer, selection, history)))
    assert {record.partition for record in read_all} == {partition_of(b"task-7", PARTITIONS)}
    times = [record.timestamp or 0 for record in read_all]
    assert min(times) == START + 3 * HOUR
    assert max(times) < START + 5 * HOUR + LATENESS_MS + HOUR
    assert [record.value for record in read_all if selection.matches(record)] == [b"value 3", b"value 4"]


def test_a_range_after_the_last_record_reads_nothing(connection: dict[str, str], history: str) -> None:
    with open_source(connection) as consumer:
        assert plan(consumer, Selection(since=START + 100 * HOUR), history) == []
    assert list(select_records(connection, Selection(since=START + 100 * HOUR), history)) == []


def test_a_wrong_prefix_is_a_usage_error(connection: dict[str, str], topic_prefix: str) -> None:
    with pytest.raises(UsageError, match="is TASKER_TOPIC_PREFIX right"):
        list(select_records(connection, Selection(), topic_prefix))


def test_what_is_republished_is_the_same_byte_for_byte_with_marks(connection: dict[str, str], history: str) -> None:
    before = by_place(list(select_records(connection, Selection(families=STEPS), history)))
    target = f"{history}.events.custom"
    assert republish(connection, before, target, "replay-1").total() == 200
    after = by_place(list(select_records(connection, Selection(families=frozenset({Family.CUSTOM})), history)))
    assert [(r.key, r.value, r.timestamp, r.partition) for r in after] == [
        (r.key, r.value, r.timestamp, r.partition) for r in before
    ]
    assert [r.headers for r in after] == [
        (*r.headers, ("tasker-origin", r.origin.encode()), ("tasker-replay", b"replay-1")) for r in before
    ]
