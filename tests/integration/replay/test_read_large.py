"""Large ranges on a real broker: the scan in C finds the same records as the reader that makes an object of each."""

from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.replay.reading import select_records
from tasker_consumers.replay.reading.scan import RecordFilter, can_scan
from tasker_consumers.replay.reading.select_records import SelectedRecords
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.selection import Selection
from tasker_schemas.avro.codec import encode
from tasker_schemas.names import Family

pytestmark = pytest.mark.skipif(RecordFilter is None, reason="the filter of raw records is not compiled")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
STEPS = frozenset({Family.STEP})
SELECTIONS = (
    Selection(families=STEPS, task_id="order-7"),
    Selection(families=STEPS, headers=(("team", "blue"), ("region", "eu"))),
    Selection(families=STEPS, services=frozenset({"shop-1", "shop-2"})),
    Selection(families=STEPS, events=("step.f*",)),
    Selection(families=STEPS, errors_only=True, headers=(("team", "blue"),)),
    Selection(families=STEPS, trace_id=TRACE),
    Selection(families=STEPS, headers=(("team", "none of them"),)),
    Selection(families=STEPS, services=frozenset({"shop-1"}), limit=3),
)


def publish(connection: dict[str, str], topic: str, codec: str, first: int, count: int) -> None:
    """Publish events with headers, without some, with odd ones, and records that are no events."""
    producer = Producer({**connection, "compression.type": codec, "partitioner": "murmur2_random"})
    for n in range(first, first + count):
        name = "step.failed" if n % 5 == 0 else "step.completed"
        told: dict[str, Any] = {"event_id": f"{n:032x}", "event_name": name, "timestamp": 1_700_000_000_000_000 + n}
        value = encode("StepEvent", {**told, "task_id": f"order-{n % 9}", "step_id": "s", "service": f"shop-{n % 4}"})
        headers: list[tuple[str, bytes | None]] = [("team", b"blue" if n % 3 else b"red"), ("region", b"eu")]
        if n % 7:
            headers += [("ce_type", name.encode()), ("ce_source", f"shop-{n % 4}".encode())]
        if n % 11 == 0:
            headers += [("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode()), ("team", None), ("team", b"")]
        key = None if n % 13 == 0 else f"order-{n % 9}".encode()
        producer.produce(topic, None if n % 17 == 0 else value, key, headers=headers if n % 19 else None)
    producer.flush(60)


def abort_a_transaction(connection: dict[str, str], topic: str) -> None:
    producer = Producer({**connection, "transactional.id": topic})
    producer.init_transactions(60)
    for commits in (False, True):
        producer.begin_transaction()
        producer.produce(topic, b"junk", b"order-7", headers=[("team", b"blue"), ("region", b"eu")])
        producer.flush(60)
        producer.commit_transaction(60) if commits else producer.abort_transaction(60)


def test_both_readers_find_the_same_records_in_the_same_order(
    kafka: KafkaSource, admin: AdminClient, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, topic = {"bootstrap.servers": kafka.bootstrap_servers}, f"{topic_prefix}.events.step"
    config = {"message.timestamp.type": "LogAppendTime"}
    admin.create_topics([NewTopic(topic, 3, 1, config=config)])[topic].result(60)
    for number, codec in enumerate(("none", "gzip", "lz4", "snappy", "zstd")):
        publish(connection, topic, codec, number * 60, 60)
    abort_a_transaction(connection, topic)

    def found(selection: Selection, least: int) -> list[StoredRecord]:
        monkeypatch.setattr(select_records, "LARGE", least)
        return list(SelectedRecords(connection, selection, topic_prefix))

    for selection in SELECTIONS:
        assert found(selection, 0) == found(selection, 1_000_000_000), selection
    assert found(SELECTIONS[0], 0), "the comparison must not be of nothing"


def test_a_connection_that_only_the_usual_client_understands_is_left_to_it() -> None:
    assert can_scan({"bootstrap.servers": "kafka:9092"})
    assert not can_scan({"bootstrap.servers": "kafka:9092", "isolation.level": "read_uncommitted"})
