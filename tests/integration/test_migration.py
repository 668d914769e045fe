"""Groups that build their states again, and topics that get more partitions, on a real Kafka."""

from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.migration import grow, plan_growth, plan_reset, reset
from tasker_consumers.kafka.topics import create_topics, list_topics
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic
from tests.support.engine.arena import Arena
from tests.support.kafka.topics import delete_topics


@pytest.fixture
def connection(kafka: KafkaSource) -> dict[str, str]:
    return {"bootstrap.servers": kafka.bootstrap_servers}


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> Arena:
    arena = Arena(kafka.bootstrap_servers, topic_prefix, tmp_path)
    arena.create_topics()
    return arena


def run_once(arena: Arena, name: str) -> None:
    with arena.worker(name, state_dir=str(arena.directory / name)) as worker:
        worker.wait_ready()
        arena.wait_committed()
        assert worker.terminate() == 0


def test_a_group_that_was_reset_builds_its_states_again(arena: Arena, connection: dict[str, str]) -> None:
    arena.produce(500, 50)
    run_once(arena, "before")
    reset(connection, plan_reset(connection, arena.prefix, "counting"))
    arena.produce(100, 50, seed=2)
    run_once(arena, "after")
    assert arena.differences() == {}


def test_a_group_whose_changelog_is_gone_reads_its_events_again(arena: Arena, admin: AdminClient) -> None:
    arena.produce(500, 50)
    run_once(arena, "before")
    delete_topics(admin, [f"{arena.prefix}-counting-states-changelog"])
    run_once(arena, "after")
    assert arena.differences() == {}


def test_a_group_whose_changelog_is_gone_can_be_reset(connection: dict[str, str], arena: Arena) -> None:
    create_topics(connection, arena.prefix, partitions=2)
    topic = event_topic(Family.TASK, arena.prefix)
    with arena.producer() as send:
        send("events.task", b"42", b"any")
    arena.commit(f"{arena.prefix}-stats", topic)
    plan = plan_reset(connection, arena.prefix, "stats")
    reset(connection, plan)
    with pytest.raises(ConfigurationError, match="no group"):
        plan_reset(connection, arena.prefix, "stats")


def test_a_group_with_members_is_not_reset(arena: Arena, connection: dict[str, str]) -> None:
    with arena.worker() as worker:
        worker.wait_ready()
        with pytest.raises(ConfigurationError, match=r"stop all workers first.*-counting \(1\)"):
            plan_reset(connection, arena.prefix, "counting")


def test_a_group_that_kafka_does_not_know_is_named_beside_those_it_knows(connection: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="no group nobody-stats has states here; groups with states: none"):
        plan_reset(connection, "nobody", "stats")


def test_empty_topics_grow_together_and_can_grow_again(connection: dict[str, str], topic_prefix: str) -> None:
    create_topics(connection, topic_prefix, partitions=2)
    for partitions in (3, 6, 6):
        plan = plan_growth(connection, topic_prefix, partitions)
        assert plan.occupied == []
        grow(connection, plan)
        assert {state.partitions for state in list_topics(connection, topic_prefix)} == {partitions}


def test_topics_never_shrink(connection: dict[str, str], topic_prefix: str) -> None:
    create_topics(connection, topic_prefix, partitions=3)
    with pytest.raises(ConfigurationError, match="cannot take partitions away"):
        plan_growth(connection, topic_prefix, 2)


def test_topics_with_events_are_told_with_their_number(connection: dict[str, str], arena: Arena) -> None:
    create_topics(connection, arena.prefix, partitions=2)
    with arena.producer() as send:
        send("events.task", b"42", b"any")
    (occupied,) = plan_growth(connection, arena.prefix, 4).occupied
    assert (occupied.topic, occupied.records, occupied.expired) == (event_topic(Family.TASK, arena.prefix), 1, 0)
