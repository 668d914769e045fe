"""A publisher starts whatever the environment says: off, without a Kafka, or beside a service's own variables."""

import logging
import threading

import pytest

from tasker_producer import EventPublisher, ProducerSettings
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
