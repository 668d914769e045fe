"""Watches of a worker against a real Kafka: partitions that nobody has, and topics that are gone."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.engine import watch
from tasker_consumers.engine.flow.writer import DeadLetterTopic
from tasker_consumers.engine.preflight import Topology
from tasker_schemas.errors import ConfigurationError
from tests.support.kafka.topics import make_topics
from tests.support.processes import LIMIT_S
from tests.unit.consumers.kafka.test_groups import member

LETTERS = DeadLetterTopic(name="t.dlq", partitions=2, max_bytes=1)


@pytest.fixture
def topic(admin: AdminClient, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(watch, "_TOPICS_S", 0.1)
    make_topics(admin, [NewTopic(f"{topic_prefix}.a", 2, 1)])
    return f"{topic_prefix}.a"


async def test_a_group_whose_partitions_nobody_has_is_distributed_again(
    kafka: KafkaSource, topic: str, topic_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    rejoined = asyncio.Event()
    worker: Any = SimpleNamespace(
        settled=True,
        knows_all_owners=lambda: False,
        conf=SimpleNamespace(id=topic_prefix),
        partition_counts={topic: 2, f"{topic_prefix}.b": 2},
        consumer=SimpleNamespace(rejoin=rejoined.set),
    )
    with member(kafka, topic_prefix, topic):
        watching = asyncio.create_task(watch.watch_distribution(worker, {"bootstrap.servers": kafka.bootstrap_servers}))
        async with asyncio.timeout(LIMIT_S):
            await rejoined.wait()
        watching.cancel()
    assert f"No worker has {topic_prefix}.b/0, {topic_prefix}.b/1: asking the group for a new assignment" in caplog.text


async def test_a_topic_that_was_deleted_ends_the_worker_with_the_way_on(kafka: KafkaSource, topic: str) -> None:
    topology = Topology(2, LETTERS, {topic: 2, f"{topic}.gone": 2})
    worker: Any = SimpleNamespace()
    with pytest.raises(ConfigurationError, match=r"deleted under this worker.* `tasker topics create`"):
        async with asyncio.timeout(LIMIT_S):
            await watch.watch_topics(worker, {"bootstrap.servers": kafka.bootstrap_servers}, topology, limit=0.3)
    assert worker.broker_answered_at > 0
