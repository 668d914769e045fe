"""A producer and a Kafka with TLS, SASL and ACLs: how it gets in, what it may do there, what it is told otherwise."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.replay.source import open_source
from tasker_consumers.topics import create_topics
from tasker_producer import EventPublisher, ProducerSettings
from tasker_producer.settings import kafka_config
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic, stats_topic
from tests.support.processes import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.identity_provider import IdentityProvider
    from tests.support.secured_kafka import SecuredKafka

pytest_plugins = ["tests.support.identity_provider", "tests.support.secured_kafka"]

ROLE = "tasker-producer"
ONE_OF_EACH_FAMILY: dict[str, dict[str, Any]] = {
    "task.cancelled": {"task_id": "42"},
    "step.cancelled": {"task_id": "42", "step_id": "s"},
    "workflow.no_viable_steps": {"task_id": "42"},
    "observability.task.enqueue": {"task_id": "42"},
    "order.paid": {},
}
LIMIT_S = 20.0
#: A client of Kafka tries again for ever; after so long it has tried, and said why it failed.
PATIENCE_S = 2.0


@pytest.fixture
def prefix(secured_kafka: SecuredKafka, topic_prefix: str) -> str:
    """The prefix of topics that exist."""
    create_topics(secured_kafka.superuser, topic_prefix, partitions=2, replication_factor=1)
    return topic_prefix


def publisher_of(variables: dict[str, str], prefix: str) -> EventPublisher:
    told = {"TASKER_TOPIC_PREFIX": prefix, "TASKER_SPOOL_MAX_BYTES": "0", "TASKER_FLUSH_ON_SIGTERM": "no"}
    return EventPublisher(ProducerSettings.from_env({**variables, **told}))


def publish_one_of_each(variables: dict[str, str], prefix: str, patience_s: float = LIMIT_S) -> dict[str, int]:
    publisher = publisher_of(variables, prefix)
    for name, fields in ONE_OF_EACH_FAMILY.items():
        publisher.publish_event(name, fields)
    publisher.close(patience_s)
    return publisher.stats()


def how_many(secured_kafka: SecuredKafka, prefix: str) -> list[int]:
    return [len(secured_kafka.records(event_topic(family, prefix))) for family in Family]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"])
def test_a_producer_logs_in_by_every_mechanism_and_writes_its_five_topics(
    secured_kafka: SecuredKafka, prefix: str, mechanism: str
) -> None:
    counts = publish_one_of_each(secured_kafka.let_in(ROLE, prefix, mechanism), prefix)
    assert (counts["delivered"], counts["dropped"]) == (5, 0)
    assert how_many(secured_kafka, prefix) == [1, 1, 1, 1, 1]


def test_a_producer_logs_in_with_a_token_that_an_identity_provider_gave_for_a_secret(
    secured_kafka: SecuredKafka, prefix: str, identity_provider: IdentityProvider
) -> None:
    user = f"{prefix}-service"
    secured_kafka.allow(user, ROLE, prefix)
    counts = publish_one_of_each({**secured_kafka.link(), **identity_provider.variables(user)}, prefix)
    assert (counts["delivered"], counts["dropped"]) == (5, 0)


def test_a_password_in_a_file_opens_the_same_door(secured_kafka: SecuredKafka, prefix: str, tmp_path: Path) -> None:
    variables = secured_kafka.let_in(ROLE, prefix)
    (tmp_path / "password").write_text(variables.pop("KAFKA_SASL_PASSWORD") + "\n")
    counts = publish_one_of_each({**variables, "KAFKA_SASL_PASSWORD_FILE": str(tmp_path / "password")}, prefix)
    assert (counts["delivered"], counts["dropped"]) == (5, 0)


def test_a_producer_writes_nothing_but_its_events(secured_kafka: SecuredKafka, prefix: str) -> None:
    client = Producer(kafka_config(secured_kafka.let_in(ROLE, prefix)))
    refused: list[KafkaError] = []
    client.produce(stats_topic(prefix), b"forged", on_delivery=lambda error, _: refused.append(error))
    assert client.flush(LIMIT_S) == 0
    assert [error.code() for error in refused] == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


def test_a_producer_sees_no_topic_but_its_events(secured_kafka: SecuredKafka, prefix: str) -> None:
    login = kafka_config(secured_kafka.let_in(ROLE, prefix))
    assert set(AdminClient(login).list_topics(timeout=LIMIT_S).topics) == {event_topic(f, prefix) for f in Family}


def test_a_producer_cannot_make_a_topic_even_under_its_own_name(secured_kafka: SecuredKafka, prefix: str) -> None:
    name = f"{prefix}.events.another"
    admin = AdminClient(kafka_config(secured_kafka.let_in(ROLE, prefix)))  # its answers end with it
    with pytest.raises(KafkaException, match="TOPIC_AUTHORIZATION_FAILED"):
        admin.create_topics([NewTopic(name, 1, 1)])[name].result(LIMIT_S)


def test_a_producer_cannot_read_even_its_own_events(secured_kafka: SecuredKafka, prefix: str) -> None:
    variables = secured_kafka.let_in(ROLE, prefix)
    publish_one_of_each(variables, prefix)
    with open_source(kafka_config(variables)) as reader:
        reader.assign([TopicPartition(event_topic(Family.TASK, prefix), number, 0) for number in range(2)])
        told = [message.error() for message in reader.consume(2, LIMIT_S)]  # the group's, then the topic's
    assert all(told)
    assert KafkaError.TOPIC_AUTHORIZATION_FAILED in [error.code() for error in told]


def test_a_producer_cannot_join_a_group(secured_kafka: SecuredKafka, prefix: str) -> None:
    login = kafka_config(secured_kafka.let_in(ROLE, prefix))
    with closing(Consumer({**login, "group.id": f"{prefix}-stats"})) as reader:
        reader.subscribe([event_topic(Family.TASK, prefix)])
        told = reader.consume(1, LIMIT_S)
    assert [message.error().code() for message in told] == [KafkaError.GROUP_AUTHORIZATION_FAILED]


def test_events_for_topics_that_are_not_allowed_are_counted_and_never_raise(
    secured_kafka: SecuredKafka, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    counts = publish_one_of_each(secured_kafka.stranger(prefix), prefix)
    assert (counts["dropped_refused"], counts["delivered"]) == (5, 0)
    told = [line for line in caplog.messages if "Error publishing event" in line]
    assert len(told) == 1
    assert "Topic authorization failed" in told[0]


WRONG = [
    ({"KAFKA_SASL_PASSWORD": "Tr0ub4dor-of-another"}, "SASL authentication error"),
    ({"KAFKA_SASL_MECHANISM": "PLAIN"}, "Invalid username or password"),
    ({"KAFKA_SSL_CA_LOCATION": "UNKNOWN"}, "certificate verify failed"),
]


@pytest.mark.parametrize(("wrong", "reason"), WRONG, ids=["password", "user", "authority"])
def test_a_producer_that_is_not_let_in_says_why_once_and_never_raises(
    secured_kafka: SecuredKafka,
    topic_prefix: str,
    wrong: dict[str, str],
    reason: str,
    unknown_authority: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = {name: str(unknown_authority) if value == "UNKNOWN" else value for name, value in wrong.items()}
    variables = {**secured_kafka.let_in(ROLE, topic_prefix), **told}
    counts = publish_one_of_each(variables, topic_prefix, PATIENCE_S)
    assert (counts["dropped_closed"], counts["delivered"]) == (5, 0)
    assert len([line for line in caplog.messages if reason in line]) == 1, caplog.text
    assert secured_kafka.secret not in caplog.text


def test_events_wait_on_disk_for_the_right_password(secured_kafka: SecuredKafka, prefix: str, tmp_path: Path) -> None:
    right, spool = (
        secured_kafka.let_in(ROLE, prefix),
        {"TASKER_SPOOL_DIR": str(tmp_path), "TASKER_TOPIC_PREFIX": prefix},
    )
    wrong = {**right, "KAFKA_SASL_PASSWORD": "of-last-week"}
    publisher = EventPublisher(ProducerSettings.from_env({**wrong, **spool}))
    publisher.publish_event("order.paid", {})
    assert publisher.close(0.5) == 1
    with EventPublisher(ProducerSettings.from_env({**right, **spool})) as publisher:
        assert eventually(lambda: publisher.stats()["spooled"] == 0 and publisher.flush(LIMIT_S) == 0)
    assert len(secured_kafka.records(event_topic(Family.CUSTOM, prefix))) == 1


@pytest.mark.parametrize("setting", ["KAFKA_SASL_MECHANISM", "KAFKA_SSL_KEY_LOCATION", "KAFKA_NO_SUCH"])
def test_a_setting_that_is_refused_is_told_without_any_secret(secured_kafka: SecuredKafka, setting: str) -> None:
    password = {"KAFKA_SASL_USERNAME": "u", "KAFKA_SASL_PASSWORD": secured_kafka.secret}
    with pytest.raises(ConfigurationError) as told:
        publisher_of({**secured_kafka.link(), **password, "KAFKA_SASL_MECHANISM": "PLAIN", setting: "nonsense"}, "t")
    assert secured_kafka.secret not in str(told.value)
