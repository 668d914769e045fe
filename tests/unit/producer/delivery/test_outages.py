"""An error of Kafka pauses its topic, concerns the whole cluster, or lies in the record."""

from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError

from tasker_producer.delivery.backlog import Backlog
from tasker_producer.delivery.client import Client, make_client
from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.outages import TopicOutages

NOBODY = "127.0.0.1:9"


@pytest.fixture
def outages() -> TopicOutages:
    drop_log = DropLog()
    return TopicOutages(Backlog(None, drop_log), NOBODY, drop_log)


@pytest.fixture
def client() -> Iterator[Client]:
    client = make_client({"bootstrap.servers": NOBODY}, DropLog(), keep=True)
    yield client
    client.purge()


@pytest.mark.parametrize(
    ("code", "waits", "paused"),
    [
        (KafkaError.UNKNOWN_TOPIC_OR_PART, True, ["orders"]),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, True, ["orders"]),
        (KafkaError._ALL_BROKERS_DOWN, True, []),
        (KafkaError.MSG_SIZE_TOO_LARGE, False, []),
    ],
)
def test_only_an_error_of_the_topic_pauses_the_topic(
    outages: TopicOutages, code: int, waits: bool, paused: list[str]
) -> None:
    assert outages.note("orders", KafkaError(code)) is waits
    assert outages._backlog.paused.names() == paused


def test_a_topic_that_does_not_exist_is_named_in_the_log(
    outages: TopicOutages, caplog: pytest.LogCaptureFixture
) -> None:
    outages.note("orders", KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
    outages._drop_log.report()
    assert f"topic orders does not exist at {NOBODY}" in caplog.text


def test_a_topic_that_refused_events_is_tried_again_when_its_time_has_come(
    outages: TopicOutages, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasker_producer.delivery.outages.RETRY_S", 0.0)
    outages.note("orders", KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    outages.resume_due(client)
    assert outages._backlog.paused.names() == []
    assert outages._backlog.active


def test_a_missing_topic_stays_paused_while_no_broker_shows_its_leaders(
    outages: TopicOutages, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasker_producer.delivery.outages.RETRY_S", 0.0)
    outages.note("orders", KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
    outages.resume_due(client)
    assert outages._backlog.paused.names() == ["orders"]
