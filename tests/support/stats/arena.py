"""The statistics on a real Kafka: topics, records, worker processes, and what the output topic says in the end.

`main` is a worker, which runs in a process of its own (see `worker_process`).
"""

import logging
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.worker import run_worker
from tasker_consumers.kafka.offsets import watermarks
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.stats.core.windows import merge
from tasker_consumers.stats.lifetime import Lifetime
from tasker_consumers.stats.processor import build_stats_processor
from tasker_consumers.stats.questions.all_questions import questions_of
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.names import family_of
from tasker_schemas.topics import event_topic, stats_topic, window_topic
from tests.support.processes import eventually
from tests.support.schemas.file_lookup import lookup_of_file
from tests.support.stats.window_oracle import without_revisions
from tests.support.worker_process import WorkerProcess

PARTITIONS = 4


class StatsArena:
    """All topics of the system under one prefix."""

    def __init__(self, bootstrap: str, prefix: str, directory: Path) -> None:
        self.kafka, self.prefix, self.directory = {"bootstrap.servers": bootstrap}, prefix, directory
        create_topics(self.kafka, prefix, partitions=PARTITIONS, replication_factor=1)

    def produce(
        self,
        events: Iterable[dict[str, Any]],
        headers: Iterable[list[tuple[str, bytes]]] = (),
        partition: int | None = None,
    ) -> None:
        """Send events in this order, with the headers in the same places; to their keys' partitions, or to this."""
        places = iter(headers)
        with self.sender() as sender:
            for told in events:
                family = family_of(told["event_name"])
                value = encode(RECORD_OF_FAMILY[family], told)
                sender.send(
                    event_topic(family, self.prefix), told["task_id"].encode(), value, next(places, []), partition
                )

    def sender(self) -> "Sender":
        """Return a producer of raw records."""
        return Sender(self.kafka)

    def worker(
        self,
        name: str = "w",
        *,
        lifetime: dict[str, float] | None = None,
        schemas: str | None = None,
        **settings: Any,
    ) -> WorkerProcess:
        """Start a worker; all of them share one state directory. `schemas` is a file that stands for a registry."""
        engine = {
            "kafka": self.kafka,
            "state_dir": str(self.directory / "state"),
            "session_timeout": 6.0,
            "commit_interval": 0.3,
            **settings,
        }
        arguments = {"prefix": self.prefix, "lifetime": lifetime or {}, "schemas": schemas, "engine": engine}
        return WorkerProcess("tests.support.stats.arena", arguments, self.directory / f"{name}.log")

    def stats(self) -> dict[str, dict[str, Any]]:
        """Return the last statistics of every task, by its id."""
        decode = Decoder().decode
        return {(m.key() or b"").decode(): decode("TaskStats", m.value()) for m in self.read(stats_topic(self.prefix))}

    def windows(self) -> list[dict[str, Any]]:
        """Return what the topic of windows says in the end, over all partitions."""
        decode = Decoder().decode
        newest = {(m.partition(), m.key()): m.value() for m in self.read(window_topic(self.prefix))}
        values = [decode("StatsWindow", value) for value in newest.values()]
        assert all(value["partition"] == place[0] for place, value in zip(newest, values, strict=True))
        return without_revisions(merge(values))

    def emitted(self) -> int:
        """Return how many records the output topic has seen."""
        return len(self.read(stats_topic(self.prefix)))

    def wait_for(self, expected: dict[str, dict[str, Any]], seconds: float = 60) -> None:
        """Wait until the output topic says exactly this; fail with the differences."""
        if not eventually(lambda: self.stats() == expected, seconds):
            assert self.stats() == expected

    def read(self, topic: str) -> list[Message]:
        """Return all records that a topic holds now."""
        records: list[Message] = []
        consumer = Consumer({**self.kafka, "group.id": "reader", "enable.auto.commit": False})
        try:
            found = consumer.list_topics(topic, 10).topics[topic].partitions
            places = [TopicPartition(topic, number, 0) for number in found]
            end = sum(watermarks(consumer, place)[1] for place in places)
            consumer.assign(places)
            while len(records) < end:
                records += consumer.consume(5000, 0.5)
        finally:
            consumer.close()
        return records


class Sender:
    """A producer of raw records; leaving the block waits until all are delivered."""

    def __init__(self, kafka: dict[str, str]) -> None:
        self._client = Producer(
            {**kafka, "linger.ms": 5, "queue.buffering.max.messages": 1_000_000, "partitioner": "murmur2_random"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._client.flush(90) == 0

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Any = (), partition: int | None = None
    ) -> None:
        """Queue one record; it goes to its key's partition unless another is named."""
        placed = {} if partition is None else {"partition": partition}
        self._client.produce(topic, value, key, headers=list(headers), **placed)
        self._client.poll(0)


def main(arguments: dict[str, Any]) -> int:
    """Run one worker."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    engine = {**arguments["engine"], "state_dir": Path(arguments["engine"]["state_dir"])}
    lookup = lookup_of_file(arguments["schemas"])
    processor = build_stats_processor(arguments["prefix"], lookup=lookup, lifetime=Lifetime(**arguments["lifetime"]))
    return run_worker(processor, EngineSettings(**engine), questions_of(processor))
