"""A real Kafka for the tests: one for the whole run, and one of its own for a test that breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import EmbeddedKafka, KafkaSource, find_kafka
from tests.support.processes import LIMIT_S
from tests.support.shared_servers import shared_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSource]:
    """A running Kafka that all tests share: the one KAFKA_BOOTSTRAP_SERVERS names, else an own one."""
    with shared_server(find_kafka, KafkaSource, tmp_path_factory) as source:
        yield source


@pytest.fixture(scope="session")
def admin(kafka: KafkaSource) -> AdminClient:
    """An admin client of the shared Kafka."""
    return AdminClient({"bootstrap.servers": kafka.bootstrap_servers})


@pytest.fixture
def topic_prefix(request: pytest.FixtureRequest) -> Iterator[str]:
    """A prefix for topics, groups and transactional ids that no other test uses.

    The test's topics do not stay in the shared Kafka: with thousands of partitions each look at all topics is slow.
    """
    prefix = f"t{uuid4().hex[:12]}"
    admin: AdminClient | None = request.getfixturevalue("admin") if "kafka" in request.fixturenames else None
    yield prefix
    if admin is not None:
        names = [name for name in admin.list_topics(timeout=LIMIT_S).topics if name.startswith(prefix)]
        if names:
            admin.delete_topics(names)


@pytest.fixture
def own_kafka() -> Iterator[EmbeddedKafka]:
    """A Kafka for this test alone, which may stop, kill and restart it; its data outlive a restart."""
    with EmbeddedKafka() as broker:
        yield broker
