"""The broker goes away, the service is killed, the disk fills: what was promised is counted."""

import os
import signal
import subprocess
import sys
import textwrap
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import EmbeddedKafka
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import Decoder
from tests.support.kafka.produced import create_event_topics, read_all
from tests.support.processes import eventually
from tests.support.scale import SCALE

pytestmark = pytest.mark.reliability
KEYS = 20


@pytest.fixture
def settings(own_kafka: EmbeddedKafka, tmp_path: Path) -> ProducerSettings:
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap_servers})
    create_event_topics(admin, "tasker")
    kafka = {"bootstrap.servers": own_kafka.bootstrap_servers, "queue.buffering.max.messages": "500"}
    return ProducerSettings(kafka={**kafka, "reconnect.backoff.max.ms": "500"}, spool_dir=tmp_path / "spool")


def publish(publisher: EventPublisher, numbers: range) -> None:
    for number in numbers:
        publisher.publish_event("order.seen", {"number": number}, key=f"key-{number % KEYS}")


def by_key(messages: list[Message]) -> dict[bytes, list[int]]:
    """The numbers of each key in the order of the topic, each where it came first."""
    found: dict[bytes, list[int]] = defaultdict(list)
    for message in messages:
        number = Decoder().decode("CustomEvent", message.value())["attributes"]["number"]
        if number not in found[message.key() or b""]:
            found[message.key() or b""].append(number)
    return found


def assert_all_in_order(settings: ProducerSettings, count: int) -> None:
    found = by_key(read_all(settings.kafka["bootstrap.servers"], "tasker.events.custom", count))
    assert sum(map(len, found.values())) == count
    assert all(numbers == sorted(numbers) for numbers in found.values())


def test_a_broker_that_goes_away_costs_no_event_and_no_order(
    own_kafka: EmbeddedKafka, settings: ProducerSettings
) -> None:
    publisher = EventPublisher(settings)
    publish(publisher, range(2_000))
    own_kafka.kill()
    publish(publisher, range(2_000, 12_000))
    assert eventually(lambda: publisher.stats()["spooled"] > 5_000)
    own_kafka.start()
    publish(publisher, range(12_000, 14_000))
    assert publisher.flush(90) == 0
    assert publisher.close(90) == 0
    counts = publisher.stats()
    assert (counts["published"], counts["delivered"], counts["dropped"]) == (14_000, 14_000, 0)
    assert_all_in_order(settings, 14_000)


def test_what_waits_when_a_service_ends_is_sent_by_the_next_one(
    own_kafka: EmbeddedKafka, settings: ProducerSettings
) -> None:
    own_kafka.stop()
    publisher = EventPublisher(settings)
    publish(publisher, range(3_000))
    assert publisher.close(0.1) == 3_000
    own_kafka.start()
    with EventPublisher(settings) as successor:  # a moment after `close` the predecessor can still hold its file
        assert eventually(lambda: successor.stats()["delivered"] == 3_000)
    assert_all_in_order(settings, 3_000)


def test_what_a_service_leaves_amid_an_outage_keeps_its_order(
    own_kafka: EmbeddedKafka, settings: ProducerSettings
) -> None:
    servers = {"bootstrap.servers": own_kafka.bootstrap_servers}  # and a queue that holds all
    publisher = EventPublisher(replace(settings, kafka=servers))
    publish(publisher, range(100))
    assert publisher.flush(90) == 0
    own_kafka.kill()
    publish(publisher, range(100, 6_000))
    assert publisher.close(5) == 5_900  # a loaded machine needs a moment to write them
    own_kafka.start()
    with EventPublisher(replace(settings, kafka=servers)) as successor:
        assert successor.flush(90) == 0
    assert_all_in_order(settings, 6_000)


def test_a_killed_service_loses_nothing_of_what_it_had_spooled(
    own_kafka: EmbeddedKafka, settings: ProducerSettings
) -> None:
    own_kafka.stop()
    with start_service(settings) as service:
        assert service.stdout is not None
        spooled = int(service.stdout.readline())
        service.send_signal(signal.SIGKILL)
    own_kafka.start()
    with EventPublisher(settings) as successor:
        assert successor.flush(90) == 0
    assert spooled > 2_000
    messages = read_all(settings.kafka["bootstrap.servers"], "tasker.events.custom", spooled)
    assert len({message.value() for message in messages}) == spooled


def start_service(settings: ProducerSettings) -> "subprocess.Popen[str]":
    """Start a service that publishes without a broker, and says how much is on disk when nothing is in memory."""
    code = """
        import signal
        from tasker_producer import EventPublisher
        from tasker_producer.delivery.host import native
        publisher = EventPublisher()
        for number in range(3_000):
            publisher.publish_event("order.seen", {"number": number})
        backlog = publisher._delivery._backlog
        native.wait_for(lambda: backlog.on_disk >= 2_500, 90)
        print(backlog.on_disk, flush=True)
        signal.pause()
    """
    environ = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka["bootstrap.servers"],
        "KAFKA_QUEUE_BUFFERING_MAX_MESSAGES": "500",
        "TASKER_SPOOL_DIR": str(settings.spool_dir),
    }
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)


@pytest.mark.timeout(300 * SCALE)
def test_memory_stays_flat_however_much_is_published(settings: ProducerSettings) -> None:
    publisher = EventPublisher(replace(settings, kafka={"bootstrap.servers": settings.kafka["bootstrap.servers"]}))
    publish_and_flush(publisher, 40_000)
    before = resident_bytes()
    publish_and_flush(publisher, 120_000 * SCALE)
    grown = resident_bytes() - before
    publisher.close(30)
    assert publisher.stats()["delivered"] == 40_000 + 120_000 * SCALE
    assert grown < 30_000_000  # a leak of 250 bytes an event would show


def publish_and_flush(publisher: EventPublisher, count: int) -> None:
    for begin in range(0, count, 20_000):
        publish(publisher, range(begin, begin + 20_000))
        assert publisher.flush(90) == 0


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
