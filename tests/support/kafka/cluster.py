"""A real Kafka for the tests: one for the whole run, and one of its own for a test that breaks it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import EmbeddedKafka, KafkaSource, find_kafka
from tests.support.kafka.shared import shared_kafka

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[KafkaSource]:
    """A running Kafka that all tests share: the one KAFKA_BOOTSTRAP_SERVERS names, else an own one."""
    if worker_id != "master":  # several pytest workers, started by the process that leads them
        yield shared_kafka(tmp_path_factory.getbasetemp().parent, run=os.getppid())
        return
    with find_kafka(os.environ) as source:
        yield source


@pytest.fixture(scope="session")
def admin(kafka: KafkaSource) -> AdminClient:
    """An admin client of the shared Kafka."""
    return AdminClient({"bootstrap.servers": kafka.bootstrap_servers})


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics, groups and transactional ids that no other test uses."""
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """A Kafka for this test alone, which may stop, kill and restart it; its data outlive a restart."""
    with EmbeddedKafka(data_dir=tmp_path / "kafka") as broker:
        yield broker
