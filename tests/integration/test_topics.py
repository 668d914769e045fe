"""Topics on a real broker: made once, told when they do not fit."""

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.topics import create_topics, differing, list_topics, require_topics
from tasker_schemas.errors import BackendUnavailable, ConfigurationError
from tests.support.kafka.topics import make_topic


@pytest.fixture
def connection(kafka: KafkaSource) -> dict[str, str]:
    return {"bootstrap.servers": kafka.bootstrap_servers}


def test_missing_topics_are_made_once(connection: dict[str, str], topic_prefix: str) -> None:
    first = create_topics(connection, topic_prefix, partitions=3)
    second = create_topics(connection, topic_prefix, partitions=3)
    assert all(state.created for state in first)
    assert not any(state.created for state in second)
    assert {state.partitions for state in list_topics(connection, topic_prefix)} == {3}


def test_topics_keep_the_settings_of_the_contract(
    connection: dict[str, str], admin: AdminClient, topic_prefix: str
) -> None:
    create_topics(connection, topic_prefix, partitions=1)
    resource = ConfigResource(ConfigResource.Type.TOPIC, f"{topic_prefix}.stats.task")
    assert admin.describe_configs([resource])[resource].result()["cleanup.policy"].value == "compact"


def test_topics_with_other_partitions_are_named_before_anything_is_made(
    connection: dict[str, str], admin: AdminClient, topic_prefix: str
) -> None:
    odd = f"{topic_prefix}.events.step"
    make_topic(admin, odd, 2)
    with pytest.raises(ConfigurationError, match=rf"nothing was created.*{odd} \(2\).*tasker topics grow 3"):
        create_topics(connection, topic_prefix, partitions=3)
    assert [state.name for state in list_topics(connection, topic_prefix) if state.partitions] == [odd]


def test_new_topics_get_as_many_partitions_as_those_that_exist(
    connection: dict[str, str], admin: AdminClient, topic_prefix: str
) -> None:
    first = f"{topic_prefix}.events.task"
    make_topic(admin, first)
    states = create_topics(connection, topic_prefix, default_partitions=6)
    assert ({state.partitions for state in states}, differing(states)) == ({1}, [])


def test_missing_topics_are_named_with_the_command_that_makes_them(
    connection: dict[str, str], topic_prefix: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"no topic {topic_prefix}\..*`tasker topics create`"):
        require_topics(connection, topic_prefix)


def test_a_broker_that_does_not_answer_is_named(topic_prefix: str) -> None:
    with pytest.raises(BackendUnavailable, match=r"Kafka at 127.0.0.1:1 does not answer"):
        list_topics({"bootstrap.servers": "127.0.0.1:1"}, topic_prefix)
