"""A store worker on a real Kafka: records to read, the process, and what the tables must hold in the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from sqlalchemy import Engine

from tasker_consumers.kafka.offsets import watermarks
from tasker_consumers.kafka.standalone import standalone_settings
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Batch
from tasker_consumers.store.core.error_counts import counts_of, days_of_counts
from tasker_consumers.store.core.records import FetchedRecord, RecordReader, source_topics
from tasker_consumers.store.database import open_database
from tasker_consumers.store.writing.open_writer import open_writer
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.errors import BackendUnavailable, ConfigurationError, PoisonRecord
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic, stats_topic
from tests.support.processes import eventually
from tests.support.store.rows import NOW, event
from tests.support.store.snapshot import snapshot
from tests.support.worker_process import WorkerProcess

PARTITIONS = 3
#: Values that nobody can read, each for a reason of its own.
POISON = (b"no record", b"", b"\xc3\x01" + b"\0" * 8, b"\0\0\0\0\x07x", None)


class StoreArena:
    """Topics of a prefix, a database, and workers between them."""

    def __init__(self, servers: str, prefix: str, url: str, directory: Path) -> None:
        self.kafka = {"bootstrap.servers": servers}
        self.prefix, self.url, self.directory = prefix, url, directory
        self._producer = Producer({**self.kafka, "partitioner": "murmur2_random"})
        self._random = Random(7)
        create_topics(self.kafka, prefix, partitions=PARTITIONS)

    def produce(self, first: int, count: int) -> None:
        """Send the records of tasks, some of them twice, with poison among them, and wait until all have arrived."""
        for number in range(first, first + count):
            task_id = f"order-{number}"
            for family, found in _run(task_id, NOW + number * 1000, is_failing=number % 3 == 0):
                value = encode(RECORD_OF_FAMILY[family], found)
                for _ in range(1 + (self._random.random() < 0.05)):
                    self._send(event_topic(family, self.prefix), task_id.encode(), value)
            for revision in (2, 6, 4):
                self._send(stats_topic(self.prefix), task_id.encode(), _stats(task_id, revision))
            if not number % 50:
                self._send(event_topic(Family.STEP, self.prefix), task_id.encode(), POISON[number // 50 % len(POISON)])
                self._send(event_topic(Family.TASK, self.prefix), None, b"without a key")
        assert self._producer.flush(90) == 0

    @contextmanager
    def worker(self, name: str, **variables: str) -> Iterator[WorkerProcess]:
        """Run a worker; the block's end kills it."""
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka["bootstrap.servers"], "TASKER_TOPIC_PREFIX": self.prefix,
            "TASKER_STORE_URL": self.url, "TASKER_SESSION_TIMEOUT_S": "6", **variables,
        }  # fmt: skip
        with WorkerProcess("tests.support.store.worker", environment, self.directory / f"{name}.log") as process:
            yield process

    def is_complete(self) -> bool:
        """Return whether the database has every record that the topics hold now."""
        ends = {partition: end for partition, (_, end) in self._bounds().items() if end}
        try:
            stored = self._positions()
        except (BackendUnavailable, ConfigurationError):  # it is away, or not migrated yet
            return False
        return all(stored.get(partition, 0) >= end for partition, end in ends.items())

    def wait_until_complete(self, limit_s: float = 120.0) -> None:
        """Wait until the database has everything."""
        assert eventually(self.is_complete, limit_s), f"{self._positions()} of {self._bounds()}"

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all rows of the database."""
        with self._engine() as engine:
            return snapshot(engine)

    def expected_rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the rows that all records of the topics make, without a database."""
        batch, reader = Batch(), RecordReader(self.prefix, Decoder())
        for record in self._records():
            try:
                reader.add(batch, record)
            except PoisonRecord:
                continue
        rows = {name: list(found.values()) for name, found in batch.rows().items()}
        rows[tables.error_counts.name] = counts_of(batch.failed_attempts.values())
        rows[tables.error_days.name] = days_of_counts(rows[tables.error_counts.name])
        return {name: sorted(found, key=repr) for name, found in rows.items()}

    def letters(self) -> list[FetchedRecord]:
        """Return the dead letters of the store."""
        return [record for record in self._records() if record.topic == f"{self.prefix}.dlq.store"]

    def _records(self) -> list[FetchedRecord]:
        bounds = {partition: end for partition, (low, end) in self._bounds().items() if low < end}
        consumer = Consumer(standalone_settings(self.kafka, "arena"))
        consumer.assign([TopicPartition(*partition, 0) for partition in bounds])
        records: list[FetchedRecord] = []
        while len(records) < sum(bounds.values()):
            for message in consumer.consume(5000, 5):
                assert message.error() is None
                records.append(
                    FetchedRecord(
                        message.topic(), message.partition(), message.offset(), message.timestamp()[1], message.key(),
                        message.value(), message.headers() or (),
                    )
                )  # fmt: skip
        consumer.close()
        return sorted(records, key=lambda record: record.position)

    def _bounds(self) -> dict[tuple[str, int], tuple[int, int]]:
        consumer = Consumer(standalone_settings(self.kafka, "arena"))
        partitions = [TopicPartition(t, n) for t in source_topics(self.prefix) for n in range(PARTITIONS)]
        bounds = {(p.topic, p.partition): watermarks(consumer, p) for p in partitions}
        consumer.close()
        return bounds

    def _positions(self) -> dict[tuple[str, int], int]:
        with self._engine() as engine:
            writer = open_writer(engine)
            try:
                return {(key.topic, key.partition): stored.next_offset for key, stored in writer.positions().items()}
            finally:
                writer.close()

    @contextmanager
    def _engine(self) -> Iterator[Engine]:
        engine = open_database(self.url)
        try:
            yield engine
        finally:
            engine.dispose()

    def _send(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        self._producer.produce(topic, value, key)
        self._producer.poll(0)


def _run(task_id: str, at: int, *, is_failing: bool) -> Iterator[tuple[Family, dict[str, Any]]]:
    """Yield the events of a task: two steps, of which the second may fail once."""
    names = {"task_name": "order", "service": "shop"}
    yield Family.TASK, event(Family.TASK, "task.start_requested", task_id, at, context='{"cart":1}', **names)
    for number, step in enumerate(("fetch", "charge")):
        known = {"step_id": step, "step_name": step, "attempt_number": 1, **names}
        yield Family.STEP, event(Family.STEP, "step.handle", task_id, at + 2 + number, started_at=at, **known)
        if is_failing and step == "charge":
            error = {"error_class": "shop.Declined", "error_message": f"{task_id} \0", "backtrace": ["/a.py:1 in f"]}
            yield Family.STEP, event(Family.STEP, "step.failed", task_id, at + 5, **known, **error)
        else:
            known |= {"step_results": "{}"}
            yield Family.STEP, event(Family.STEP, "step.completed", task_id, at + 6 + number, **known)
    yield Family.CUSTOM, event(Family.CUSTOM, "order.paid", task_id, at + 9, attributes={"amount": 7}, **names)


def _stats(task_id: str, revision: int) -> bytes:
    return encode("TaskStats", {"task_id": task_id, "status": "complete", "last_event_at": NOW, "revision": revision})


def environment_of(variables: dict[str, str]) -> dict[str, str]:
    """Return the environment of a worker: that of this process without settings of its own."""
    foreign = ("TASKER_", "KAFKA_", "SCHEMA_REGISTRY_")
    return {name: text for name, text in os.environ.items() if not name.startswith(foreign)} | variables
