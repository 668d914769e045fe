"""Publishing threads do not wait for each other, and whoever takes the client away waits for them."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasker_producer.delivery.handovers import Handovers
from tasker_producer.delivery.host import native
from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.kafka import KafkaDelivery
from tasker_producer.delivery.returned import next_number
from tasker_producer.delivery.worker import Worker
from tests.support.processes import eventually
from tests.support.producer.spooled import record, settings

NOBODY = {"bootstrap.servers": "127.0.0.1:9"}


class Held:
    """A call into Kafka's client that stands still until it is let go."""

    def __init__(self, delivery: KafkaDelivery) -> None:
        client: Any = delivery._worker.client
        self._delivery = delivery
        self.taken: list[bytes] = []
        self._goes_on, self._produce = threading.Event(), client.produce
        client.produce = self._hold

    def begin(self) -> None:
        """Publish in another thread, and return when its call stands still."""
        self._call = threading.Thread(target=send, args=(self._delivery, b"held"))
        self._call.start()
        assert eventually(lambda: self.taken == [b"held"])

    def finish(self) -> None:
        """Let the call go on to its end."""
        self._goes_on.set()
        self._call.join()

    def _hold(self, topic: str, value: bytes, *args: Any, **options: Any) -> None:
        self.taken.append(value)
        if value == b"held":
            self._goes_on.wait(60)
        self._produce(topic, value, *args, **options)


@pytest.fixture
def delivery(tmp_path: Path) -> Iterator[KafkaDelivery]:
    delivery = KafkaDelivery(NOBODY, settings(tmp_path), DropLog())
    yield delivery
    delivery.close(0)


@pytest.fixture
def threadless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KafkaDelivery]:
    """Return a delivery without a thread of its own: a test does the thread's work."""
    monkeypatch.setattr(Worker, "start", lambda _: False)
    delivery = KafkaDelivery(NOBODY, settings(tmp_path), DropLog())
    yield delivery
    delivery.close(0)


def send(delivery: KafkaDelivery, value: bytes) -> None:
    delivery.send(*record(1)._replace(value=value))


def test_a_thread_publishes_while_another_is_amid_its_call(threadless: KafkaDelivery) -> None:
    held = Held(threadless)
    held.begin()
    send(threadless, b"free")
    assert held.taken == [b"held", b"free"]
    held.finish()
    assert threadless.stats()["published"] == 2
    assert threadless._worker.handovers.produced.value() == 2


def test_new_events_wait_behind_a_call_that_runs_when_all_is_taken_back(threadless: KafkaDelivery) -> None:
    held = Held(threadless)
    held.begin()
    holding = threading.Thread(target=threadless._worker._hold_new_events)
    holding.start()
    assert eventually(lambda: threadless._backlog.active)
    send(threadless, b"new")
    assert held.taken == [b"held"]
    assert holding.is_alive()
    held.finish()
    holding.join()
    assert threadless._backlog.waiting == 1


def test_a_close_waits_for_a_call_that_runs_and_each_event_is_counted(delivery: KafkaDelivery) -> None:
    held = Held(delivery)
    held.begin()
    closing = threading.Thread(target=delivery.close, args=(60,), kwargs={"patient": False})
    closing.start()
    assert eventually(lambda: delivery._is_closed)
    send(delivery, b"late")
    assert held.taken == [b"held"]
    assert closing.is_alive()
    held.finish()
    closing.join()
    stats = delivery.stats()
    assert (stats["published"], stats["dropped_closed"]) == (2, 1)
    assert sum(stats[name] for name in ("delivered", "queued", "spooled", "dropped")) == 2


def test_a_call_that_an_exception_cut_is_forgotten_after_a_while() -> None:
    handovers = Handovers()
    handovers.running[next_number()] = native.get_ident() + 1
    handovers.wait(longest_s=0.0)
    assert not handovers.running
    later = next_number() + 10
    handovers.running[later] = native.get_ident() + 1
    handovers.wait(longest_s=60.0)  # it began after this: it has seen the new state
    assert list(handovers.running) == [later]
