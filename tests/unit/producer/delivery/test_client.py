"""Kafka's client leaves out the settings that a service meant for a client of its own, and shows no secret."""

import gc

import pytest
from confluent_kafka.cimpl import Producer

from tasker_producer import ConfigurationError
from tasker_producer.delivery.client import make_client
from tasker_producer.delivery.host.drops import DropLog
from tests.support.processes import eventually

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


def test_a_client_is_freed_in_a_thread_of_ours_and_not_by_the_garbage_collector() -> None:
    def producers() -> int:
        return sum(type(found) is Producer for found in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = producers()
        client = make_client({"bootstrap.servers": "127.0.0.1:1"}, DropLog(), keep=True)
        assert producers() == before + 1
        client.free()
        assert eventually(lambda: producers() == before)
        assert client.queued() == 0
    finally:
        gc.enable()
