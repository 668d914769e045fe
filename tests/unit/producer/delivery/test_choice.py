"""A publisher starts whatever the environment says: off, without a Kafka, or beside a service's own variables."""

import threading

import pytest

from tasker_producer import ConfigurationError, EventPublisher, ProducerSettings
from tasker_producer.delivery.client import make_client
from tasker_producer.delivery.host.drops import DropLog

FOREIGN = [
    "topic",
    "brokers",
    "consumer.group",
    "enabled",
    "username",
    "topic.prefix",
    "transactional.id",
    "acks",
    "schema.registry.url",
    "url",
    "jaas.config",
]


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


@pytest.mark.parametrize("name", FOREIGN)
def test_a_variable_of_the_services_own_client_is_left_out_and_named(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    drop_log = DropLog()
    kafka = {"bootstrap.servers": "127.0.0.1:1", name: "1"}
    assert not make_client(kafka, drop_log, keep=True, foreign={name}).failed()
    drop_log.report()
    assert f"KAFKA_{name.upper().replace('.', '_')}" in caplog.text


@pytest.mark.parametrize("name", ["sasl.jaas.config", "url", "connection.string", "passwd", "sasl.pass", "credentials"])
def test_a_setting_of_ours_that_is_refused_is_named_without_its_value(name: str) -> None:
    kafka = {"bootstrap.servers": "127.0.0.1:1", name: "hunter2"}
    with pytest.raises(ConfigurationError, match=name.upper().replace(".", "_")) as refused:
        make_client(kafka, DropLog(), keep=True)
    assert "hunter2" not in str(refused.value)


def test_an_empty_list_of_filters_in_code_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    settings = ProducerSettings(kafka={"bootstrap.servers": "127.0.0.1:1"}, filter_parameters=(), spool_max_bytes=0)
    EventPublisher(settings).close(0)
    assert "filter_parameters is empty" in caplog.text
