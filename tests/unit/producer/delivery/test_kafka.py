"""A delivery without a broker: no event is lost silently, and the counts always agree."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasker_producer import ProducerSettings
from tasker_producer.delivery.client import Client
from tasker_producer.delivery.host.drops import DropLog, DroppedEvent
from tasker_producer.delivery.kafka import KafkaDelivery
from tasker_producer.delivery.returned import Report, next_number, trace_fields
from tasker_producer.record.arguments import Options
from tasker_producer.record.building.builder import EventBuilder
from tasker_producer.record.misuse import Misuse
from tests.support.processes import eventually
from tests.support.producer.spooled import settings

NOBODY = {"bootstrap.servers": "127.0.0.1:9"}
EVENTS = 20
PAID = EventBuilder(ProducerSettings()).build("order.paid", {}, Options(), Misuse(strict=True))


def send(delivery: KafkaDelivery, events: int = EVENTS) -> None:
    for _ in range(events):
        delivery.send(PAID.topic, PAID.key, PAID.value, PAID.headers)


@pytest.fixture
def spooling(tmp_path: Path) -> Iterator[KafkaDelivery]:
    delivery = KafkaDelivery(NOBODY, settings(tmp_path), DropLog())
    yield delivery
    delivery.close(0)


def test_events_go_to_disk_at_the_close_and_the_next_delivery_has_them(spooling: KafkaDelivery, tmp_path: Path) -> None:
    send(spooling)
    assert spooling.close(0) == EVENTS
    assert spooling.stats()["dropped"] == 0
    successor = KafkaDelivery(NOBODY, settings(tmp_path), DropLog())
    assert eventually(lambda: successor.stats()["spooled"] == EVENTS)
    assert successor.close(0) == EVENTS


def test_events_that_no_broker_takes_are_spooled_and_never_counted_as_delivered(spooling: KafkaDelivery) -> None:
    send(spooling)
    assert eventually(lambda: spooling.stats()["spooled"] == EVENTS)
    stats = spooling.stats()
    assert (stats["published"], stats["delivered"], stats["dropped"]) == (EVENTS, 0, 0)


def test_events_without_a_spool_are_given_up_at_the_close_and_later_ones_too(caplog: pytest.LogCaptureFixture) -> None:
    delivery = KafkaDelivery(NOBODY, None, DropLog())
    send(delivery)
    assert delivery.close(0) == EVENTS
    send(delivery, 1)
    assert delivery.stats()["dropped_closed"] == EVENTS + 1
    assert "order.paid" in caplog.text


def test_the_service_hears_of_a_lost_event_with_its_whole_record() -> None:
    heard: list[DroppedEvent] = []
    delivery = KafkaDelivery(NOBODY, None, DropLog(heard.append))
    send(delivery, 1)
    delivery.close(0)
    send(delivery, 1)
    assert len(heard) == 2
    for event in heard:
        assert event[:5] == ("order.paid", "closed", PAID.topic, PAID.key, PAID.value)
        assert sorted(event.headers) == sorted(PAID.headers)


def test_events_that_come_while_a_client_is_replaced_wait_for_its_successor(
    spooling: KafkaDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, make_client = spooling._worker, spooling._worker._make_client
    first = worker.client
    assert first is not None

    def publish_and_make() -> Client:
        send(spooling)
        return make_client()

    monkeypatch.setattr(worker, "_make_client", publish_and_make)
    first.take_back()
    assert eventually(lambda: worker.client is not first)
    assert spooling.close(0) == EVENTS


def test_an_event_that_a_call_hands_over_while_its_client_is_replaced_comes_back(
    spooling: KafkaDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, handed = spooling._worker, []
    first = worker.client
    assert first is not None

    def end_of_a_call(longest_s: float = 5.0) -> None:
        handed.append(longest_s)
        worker.handovers.sent.add()
        client = worker.client or first
        report = Report(spooling._settle, trace_fields(PAID.headers), next_number())
        client.produce(PAID.topic, PAID.value, PAID.key, on_delivery=report, headers=PAID.headers)

    monkeypatch.setattr(worker.handovers, "wait", end_of_a_call)
    first.take_back()
    assert eventually(lambda: worker.client is not first)
    assert spooling.close(0) == len(handed) > 1


def test_a_second_close_waits_for_nothing(spooling: KafkaDelivery) -> None:
    send(spooling, 1)
    assert [spooling.close(0), spooling.close(60)] == [1, 0]
