"""A producer and a Kafka with TLS, SASL and ACLs: how it gets in, what it may do there, what it is told otherwise."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.replay.reading.read import open_source
from tasker_producer import EventPublisher, ProducerSettings
from tasker_producer.settings import kafka_config
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic, stats_topic
from tests.support.processes import eventually

if TYPE_CHECKING:
    from tests.support.kafka.identity_provider import IdentityProvider
    from tests.support.kafka.secured import SecuredKafka

pytest_plugins = ["tests.support.kafka.identity_provider"]

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
FAILED = "Kafka's client has failed"
NOT_IDEMPOTENT = "Cluster authorization failed"
KEYS = 7


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


def publisher_with_spool(variables: dict[str, str], prefix: str, directory: Path) -> EventPublisher:
    told = {"TASKER_TOPIC_PREFIX": prefix, "TASKER_SPOOL_DIR": str(directory), "TASKER_FLUSH_ON_SIGTERM": "no"}
    return EventPublisher(ProducerSettings.from_env({**variables, **told}))


def publish_numbers(publisher: EventPublisher, numbers: range) -> None:
    for number in numbers:
        publisher.publish_event("order.seen", {"number": number}, key=f"key-{number % KEYS}")


def assert_each_once_in_order(secured_kafka: SecuredKafka, prefix: str, count: int) -> None:
    numbers: dict[bytes | None, list[int]] = {}
    for record in secured_kafka.records(event_topic(Family.CUSTOM, prefix)):
        event = Decoder().decode("CustomEvent", record.value)
        numbers.setdefault(record.key, []).append(event["attributes"]["number"])
    assert sorted(number for of_key in numbers.values() for number in of_key) == list(range(count))
    assert all(of_key == sorted(of_key) for of_key in numbers.values())


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
    # The broker is asked for the topics and for the right to be idempotent, and either answer may come first.
    assert "Topic authorization failed" in told[0] or (FAILED in told[0] and NOT_IDEMPOTENT in caplog.text)


def test_events_are_counted_and_told_when_a_client_may_not_be_idempotent(
    secured_kafka: SecuredKafka, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    counts = publish_one_of_each(secured_kafka.let_see(ROLE, prefix), prefix)
    assert (counts["dropped_refused"], counts["dropped"], counts["delivered"]) == (5, 5, 0)
    assert len([line for line in caplog.messages if "Error publishing event" in line and FAILED in line]) == 1
    assert len([line for line in caplog.messages if line.startswith(FAILED) and NOT_IDEMPOTENT in line]) == 1


def test_a_service_that_gets_its_rights_later_delivers_all_it_published_without_a_restart(
    secured_kafka: SecuredKafka, prefix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = publisher_with_spool(secured_kafka.let_see(ROLE, prefix), prefix, tmp_path)
    publish_numbers(publisher, range(300))
    assert eventually(lambda: NOT_IDEMPOTENT in caplog.text)
    publish_numbers(publisher, range(300, 600))
    assert eventually(lambda: publisher.stats()["spooled"] == 600)
    secured_kafka.let_in(ROLE, prefix)
    publish_numbers(publisher, range(600, 900))
    assert publisher.flush(LIMIT_S) == 0
    publish_numbers(publisher, range(900, 1_000))
    assert publisher.close(LIMIT_S) == 0
    counts = publisher.stats()
    assert (counts["published"], counts["delivered"], counts["dropped"]) == (1_000, 1_000, 0)
    assert_each_once_in_order(secured_kafka, prefix, 1_000)


def test_a_certificate_that_is_away_when_a_client_is_to_be_replaced_is_told_and_tried_again(
    secured_kafka: SecuredKafka, prefix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    variables = secured_kafka.let_see(ROLE, prefix)
    authority = tmp_path / "ca.pem"
    authority.write_bytes(Path(variables["KAFKA_SSL_CA_LOCATION"]).read_bytes())
    publisher = publisher_with_spool({**variables, "KAFKA_SSL_CA_LOCATION": str(authority)}, prefix, tmp_path)
    publish_numbers(publisher, range(10))
    assert eventually(lambda: NOT_IDEMPOTENT in caplog.text)
    away = authority.rename(tmp_path / "away.pem")
    assert eventually(lambda: "Kafka's client refuses it" in caplog.text)
    away.rename(authority)
    secured_kafka.let_in(ROLE, prefix)
    assert publisher.close(LIMIT_S) == 0
    assert_each_once_in_order(secured_kafka, prefix, 10)


@pytest.mark.parametrize("failed_before", [True, False])
def test_close_tells_how_many_events_a_failed_client_leaves_and_the_next_service_delivers_them(
    secured_kafka: SecuredKafka, prefix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, failed_before: bool
) -> None:
    publisher = publisher_with_spool(secured_kafka.let_see(ROLE, prefix), prefix, tmp_path)
    publish_numbers(publisher, range(70))
    assert not failed_before or eventually(lambda: NOT_IDEMPOTENT in caplog.text)
    assert publisher.close(0.0 if failed_before else PATIENCE_S) == 70
    counts = publisher.stats()
    assert (counts["spooled"], counts["delivered"], counts["dropped"]) == (70, 0, 0)
    with publisher_with_spool(secured_kafka.let_in(ROLE, prefix), prefix, tmp_path) as successor:
        assert eventually(lambda: successor.stats()["delivered"] == 70)  # its predecessor can still hold the file
    assert_each_once_in_order(secured_kafka, prefix, 70)


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


@pytest.mark.parametrize("setting", ["KAFKA_SASL_MECHANISM", "KAFKA_SSL_KEY_LOCATION", "TASKER_KAFKA_NO_SUCH"])
def test_a_setting_that_is_refused_is_told_without_any_secret(secured_kafka: SecuredKafka, setting: str) -> None:
    password = {"KAFKA_SASL_USERNAME": "u", "KAFKA_SASL_PASSWORD": secured_kafka.secret}
    with pytest.raises(ConfigurationError) as told:
        publisher_of({**secured_kafka.link(), **password, "KAFKA_SASL_MECHANISM": "PLAIN", setting: "nonsense"}, "t")
    assert secured_kafka.secret not in str(told.value)
