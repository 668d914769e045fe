"""A publisher starts whatever the environment says: off, without a Kafka, or beside a service's own variables."""

import asyncio
import logging
import threading
from pathlib import Path

import pytest

from tasker_producer import EventPublisher, ProducerSettings
from tasker_producer.testing import RecordingDelivery
from tasker_schemas.extensions import native_state


def test_without_a_kafka_events_are_counted_and_one_warning_names_the_variable(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = threading.active_count()
    publisher = EventPublisher(ProducerSettings())
    for _ in range(3):
        publisher.publish_event("order.paid", {})
    assert publisher.stats()["dropped_no_broker"] == 3
    assert caplog.messages == ["KAFKA_BOOTSTRAP_SERVERS is not set: events are dropped"]
    assert threading.active_count() == before
    assert publisher.close() == 0


def test_what_is_switched_off_says_nothing_and_counts(caplog: pytest.LogCaptureFixture) -> None:
    publisher = EventPublisher(ProducerSettings(enabled=False, kafka={"bootstrap.servers": "127.0.0.1:1"}))
    publisher.publish_event("order.paid", {})
    assert publisher.stats()["dropped_disabled"] == 1
    assert caplog.messages == []


def test_an_empty_list_of_filters_in_code_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    settings = ProducerSettings(kafka={"bootstrap.servers": "127.0.0.1:1"}, filter_parameters=(), spool_max_bytes=0)
    EventPublisher(settings).close(0)
    assert "filter_parameters is empty" in caplog.text


def test_the_first_log_line_says_whether_compiled_modules_run(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tasker_producer")
    settings = ProducerSettings(kafka={"bootstrap.servers": "127.0.0.1:1"}, spool_max_bytes=0)
    EventPublisher(settings).close(0)
    assert caplog.messages[0] == f"Events go to Kafka (native: {native_state()})"


async def test_the_event_loop_goes_on_while_a_publisher_closes(tmp_path: Path) -> None:
    class SlowDelivery(RecordingDelivery):
        def close(self, timeout: float, *, patient: bool = True) -> int:
            assert is_loop_free.wait(30)
            return super().close(timeout, patient=patient)

    is_loop_free = threading.Event()
    publisher = EventPublisher(ProducerSettings(spool_dir=tmp_path), SlowDelivery())
    closing = asyncio.ensure_future(publisher.aclose())
    await asyncio.sleep(0)
    is_loop_free.set()
    assert await closing == 0


async def test_a_publisher_is_an_asynchronous_context_too() -> None:
    async with EventPublisher(ProducerSettings(enabled=False)) as publisher:
        publisher.publish_event("order.paid")
    assert publisher.is_closed
