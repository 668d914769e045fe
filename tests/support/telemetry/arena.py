"""Topics, events and worker processes for tests of the telemetry group on a real Kafka."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.offsets import watermarks
from tasker_schemas.names import Family
from tasker_schemas.topics import dead_letter_topic, event_topic
from tests.support.kafka.topics import make_topics
from tests.support.processes import LIMIT_S
from tests.support.telemetry.histories import Told
from tests.support.worker_process import WorkerProcess

PARTITIONS = 3


class TelemetryArena:
    """The source topics under one prefix, what goes in, and the dead letters that come out."""

    def __init__(self, bootstrap: str, prefix: str, directory: Path, *, is_new: bool = True) -> None:
        self.bootstrap, self.prefix, self.directory = bootstrap, prefix, directory
        if is_new:
            names = [*(event_topic(family, prefix) for family in Family), dead_letter_topic("telemetry", prefix)]
            admin = AdminClient({"bootstrap.servers": bootstrap})
            make_topics(admin, [NewTopic(name, PARTITIONS, 1) for name in names])
        config = {"partitioner": "murmur2_random", "linger.ms": 5, "queue.buffering.max.messages": 1_000_000}
        self._producer = Producer({"bootstrap.servers": bootstrap, **config})

    def send(self, records: Iterable[Told]) -> None:
        """Send records, and return when Kafka has them."""
        for record in records:
            self._producer.produce(record.topic, record.value, record.key, headers=list(record.headers))
            self._producer.poll(0)
        assert self._producer.flush(90) == 0

    def worker(
        self, environ: dict[str, str], name: str = "w", lifetime: dict[str, float] | None = None, **settings: Any
    ) -> WorkerProcess:
        """Start a worker; all of them share one state directory."""
        arguments = {
            "prefix": self.prefix,
            "environ": environ,
            "lifetime": lifetime or {},
            "settings": {
                "kafka": {"bootstrap.servers": self.bootstrap},
                "state_dir": str(self.directory / "state"),
                "session_timeout": 6.0,
                "commit_interval": 0.3,
                **settings,
            },
        }
        return WorkerProcess("tests.support.telemetry.worker", arguments, self.directory / f"{name}.log")

    def offsets(self) -> tuple[int, int]:
        """Return how many records the group has committed, and how many there are."""
        topics = [event_topic(family, self.prefix) for family in Family]
        places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": f"{self.prefix}-telemetry"})
        try:
            committed = sum(max(0, place.offset) for place in consumer.committed(places, timeout=LIMIT_S))
            return committed, sum(watermarks(consumer, place)[1] for place in places)
        finally:
            consumer.close()

    def dead_letters(self, count: int) -> Sequence[Message]:
        """Return the dead letters when so many are there."""
        topic = dead_letter_topic("telemetry", self.prefix)
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "reader", "enable.auto.commit": False})
        try:
            consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
            found: list[Message] = []
            for _ in range(120):
                found += consumer.consume(500, 0.5)
                if len(found) >= count:
                    return found
        finally:
            consumer.close()
        raise AssertionError(f"waited in vain for {count} dead letters: there are {len(found)}")


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> TelemetryArena:
    """Fresh topics on the shared Kafka."""
    return TelemetryArena(kafka.bootstrap_servers, topic_prefix, tmp_path)


def otlp_variables(endpoint: str, **more: str) -> dict[str, str]:
    """Return the environment of an exporter to this endpoint."""
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "NO_PROXY": "*", **more, "PATH": os.environ["PATH"]}
