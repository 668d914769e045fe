"""The Kafka on which engines compete: the same source records for all.

The broker stamps each output record when it appends it. An engine's rate runs from the first record that it handled to
the last output record on the broker: its start-up is left out, and its end is not its own word.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic
from rich.console import Console

from benchmarks.engine_process import EngineFailed, wait_for
from benchmarks.workload import SourceRecord
from tasker_consumers.embedded import find_kafka
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic

PREFIX = "bench"
PARTITIONS = 4
SOURCES = (event_topic(Family.TASK, PREFIX), event_topic(Family.STEP, PREFIX))


@dataclass(slots=True)
class Arena:
    """A Kafka with the source topics filled."""

    servers: str
    records: int = 0
    admin: AdminClient = field(init=False)

    def __post_init__(self) -> None:
        self.admin = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})

    def fill(self, records: Iterable[SourceRecord]) -> None:
        """Write records to the source topics, as the producer would."""
        producer = Producer(
            {
                "bootstrap.servers": self.servers,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 20,
                "log_level": 0,
                "compression.type": "lz4",
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        for family, key, value, headers, _ in records:
            producer.produce(event_topic(family, PREFIX), value, key, headers=headers)
            producer.poll(0)
            self.records += 1
        if producer.flush(60):
            raise EngineFailed("the source topics could not be filled within 60 s")

    def create(self, *topics: str, compact: bool = False) -> None:
        """Create topics whose records the broker stamps, with the settings that a worker asks for."""
        config = {
            "message.timestamp.type": "LogAppendTime",
            "cleanup.policy": "compact" if compact else "delete",
            "max.message.bytes": str(16 << 20),
        }
        for done in self.admin.create_topics([NewTopic(t, PARTITIONS, 1, config=config) for t in topics]).values():
            done.result()
        wait_for(lambda: all(self._has_leaders(topic) for topic in topics), 30, "new topics get no leaders")

    def _has_leaders(self, topic: str) -> bool:
        partitions = self.admin.list_topics(topic, timeout=10).topics[topic].partitions.values()
        return len(partitions) == PARTITIONS and all(partition.leader >= 0 for partition in partitions)

    def forget(self, group: str, *topics: str) -> None:
        """Remove a group and what it wrote, its changelogs included."""
        existing = self.admin.list_topics(timeout=10).topics
        gone = [topic for topic in existing if topic in topics or topic.startswith(f"{group}-")]
        for deleted in self.admin.delete_topics(gone).values() if gone else ():
            deleted.result()
        wait_for(lambda: not set(gone) & set(self.admin.list_topics(timeout=10).topics), 30, "topics stay")
        wait_for(lambda: self._is_gone(group), 90, f"group {group} keeps its members")

    def _is_gone(self, group: str) -> bool:
        try:
            self.admin.delete_consumer_groups([group])[group].result()
        except KafkaException as error:
            # With members it stays until the broker misses their heartbeats; a new broker has no coordinator yet.
            return bool(error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND)
        return True

    def has_read_all(self, group: str) -> bool:
        """Return whether a group has committed the end of every source partition that it reads."""
        partitions = [TopicPartition(topic, number) for topic in SOURCES for number in range(PARTITIONS)]
        # A consumer that never joins: the admin client's request for offsets crashes the process (confluent-kafka
        # 2.12.2) while a new broker still loads its groups.
        asking = Consumer({"bootstrap.servers": self.servers, "group.id": group, "log_level": 0})
        try:
            committed = asking.committed(partitions, timeout=10)
        except KafkaException:
            return False  # the group's coordinator is not there yet
        finally:
            asking.close()
        return bool(sum(max(0, partition.offset) for partition in committed) >= self.records)

    def output(self, topic: str) -> Iterator[Message]:
        """Yield every record of a topic, each partition in its order."""
        config = {"bootstrap.servers": self.servers, "group.id": "bench-check", "enable.auto.commit": False}
        consumer = Consumer(config | {"enable.partition.eof": True, "auto.offset.reset": "earliest"})
        partitions = len(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        ended = 0
        while ended < partitions:
            for message in consumer.consume(10_000, 1.0):
                if message.error() is not None:
                    ended += 1
                else:
                    yield message
        consumer.close()


@contextmanager
def filled_arena(records: Iterable[SourceRecord], console: Console) -> Iterator[Arena]:
    """Find or start a Kafka for the block, and fill its source topics."""
    with find_kafka(os.environ) as kafka:
        console.print(f"Kafka at {kafka.bootstrap_servers}: {kafka.why} Filling it ...")
        arena = Arena(kafka.bootstrap_servers)
        arena.create(*(event_topic(family, PREFIX) for family in Family))
        arena.fill(records)
        yield arena
