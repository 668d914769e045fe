"""A producer whose Kafka client fails for good: a new one goes on, and everything is accounted for.

librdkafka's experimental promise of no gap turns a record that the broker refuses into such an error.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_producer import EventPublisher, ProducerSettings
from tasker_producer.delivery.client import make_client
from tasker_producer.delivery.host.drops import DropLog
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic
from tests.support.kafka.door import Door
from tests.support.kafka.produced import read_all
from tests.support.kafka.topics import make_topic
from tests.support.processes import eventually

KEYS = 20
MAX_BYTES = 5_000
EVENTS, TOO_LARGE = 1_500, 700
FAILED = "Kafka's client has failed: "
LIMIT_S = 60.0


@pytest.fixture
def door(kafka: KafkaSource) -> Iterator[Door]:
    """The way to the shared Kafka, closed."""
    with Door(kafka.bootstrap_servers) as way:
        yield way


@pytest.fixture
def settings(admin: AdminClient, door: Door, topic_prefix: str, tmp_path: Path) -> ProducerSettings:
    limit = {"max.message.bytes": str(MAX_BYTES)}
    make_topic(admin, event_topic(Family.CUSTOM, topic_prefix), 3, limit)
    gapless = {"enable.gapless.guarantee": "true", "batch.num.messages": "1", "compression.type": "none"}
    kafka = {"bootstrap.servers": door.address, "reconnect.backoff.max.ms": "200", **gapless}
    return ProducerSettings(kafka=kafka, topic_prefix=topic_prefix, spool_dir=tmp_path)


def publish(publisher: EventPublisher, numbers: range) -> None:
    for number in numbers:
        blob = "x" * (2 * MAX_BYTES if number == TOO_LARGE else 10)
        publisher.publish_event("order.seen", {"number": number, "blob": blob}, key=f"key-{number % KEYS}")


def topic_of(settings: ProducerSettings) -> str:
    return event_topic(Family.CUSTOM, settings.topic_prefix)


def assert_each_once_in_order(kafka: KafkaSource, settings: ProducerSettings, numbers: list[int]) -> None:
    messages = read_all(kafka.bootstrap_servers, topic_of(settings), len(numbers))
    found: dict[bytes, list[int]] = defaultdict(list)
    for message in messages:
        found[message.key() or b""].append(Decoder().decode("CustomEvent", message.value())["attributes"]["number"])
    assert sorted(number for of_key in found.values() for number in of_key) == numbers
    for process in (
        range(EVENTS),
        range(EVENTS, max(numbers) + 1),
    ):
        by_key = [[number for number in of_key if number in process] for of_key in found.values()]
        assert all(of_key == sorted(of_key) for of_key in by_key)


def test_what_waits_behind_the_cause_of_a_failure_arrives_once_and_in_order(
    kafka: KafkaSource, settings: ProducerSettings, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    earlier = EventPublisher(settings)
    publish(earlier, range(EVENTS))
    assert earlier.close(0) == EVENTS
    door.open()
    publisher = EventPublisher(settings)
    assert eventually(lambda: FAILED in caplog.text)
    publish(publisher, range(EVENTS, EVENTS + 100))
    assert publisher.flush(LIMIT_S) == 0
    counts = publisher.stats()
    assert (counts["delivered"], counts["dropped_refused"], counts["dropped"]) == (EVENTS + 99, 1, 1)
    publisher.close()
    assert_each_once_in_order(kafka, settings, [n for n in range(EVENTS + 100) if n != TOO_LARGE])


def test_what_a_failed_client_held_goes_before_what_came_in_since(
    kafka: KafkaSource, settings: ProducerSettings, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    door.open()
    publisher = EventPublisher(settings)
    assert publisher.flush(LIMIT_S) == 0  # from now on events go to the client
    publish(publisher, range(EVENTS))
    assert eventually(lambda: FAILED in caplog.text)
    publish(publisher, range(EVENTS, 2 * EVENTS))
    assert publisher.close(LIMIT_S) == 0
    counts = publisher.stats()
    assert (counts["published"], counts["delivered"], counts["dropped"]) == (2 * EVENTS, 2 * EVENTS - 1, 1)
    assert_each_once_in_order(kafka, settings, [n for n in range(2 * EVENTS) if n != TOO_LARGE])


def test_a_failure_amid_a_flush_of_the_client_costs_no_report(
    settings: ProducerSettings, door: Door, kafka: KafkaSource
) -> None:
    door.open()
    client = make_client(settings.kafka, DropLog(), keep=True)
    came_back: list[int] = []
    for number in range(EVENTS):
        settle = partial(lambda number, *_: came_back.append(number), number)
        value = b"x" * (2 * MAX_BYTES if number == TOO_LARGE else 10)
        client.produce(topic_of(settings), value, f"key-{number % KEYS}", on_delivery=settle)
    assert eventually(lambda: client.flush(5.0) >= 0 and client.failed())
    client.purge()
    assert client.flush(LIMIT_S) == 0
    assert client.why().startswith(FAILED)
    arrived = read_all(kafka.bootstrap_servers, topic_of(settings), EVENTS - len(came_back))
    assert TOO_LARGE in came_back
    assert len(arrived) + len(set(came_back)) == EVENTS
    client.free()


def test_without_a_spool_a_failure_costs_what_it_counts_and_the_next_client_delivers(
    kafka: KafkaSource, settings: ProducerSettings, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    door.open()
    publisher = EventPublisher(replace(settings, spool_max_bytes=0))
    publish(publisher, range(EVENTS))
    assert eventually(lambda: FAILED in caplog.text)
    assert publisher.flush(LIMIT_S) == 0
    delivered = publisher.stats()["delivered"]

    def another_arrives() -> bool:
        publish(publisher, range(EVENTS, EVENTS + 1))
        return publisher.flush(LIMIT_S) == 0 and publisher.stats()["delivered"] > delivered

    assert eventually(another_arrives)
    assert publisher.close(LIMIT_S) == 0
    counts = publisher.stats()
    assert counts["published"] == counts["delivered"] + counts["dropped_refused"]
    assert len(read_all(kafka.bootstrap_servers, topic_of(settings), counts["delivered"])) == counts["delivered"]
