"""Topics, records and worker processes for tests of the engine, with what must come out at the end."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.engine.faust.partition_producers import FENCE
from tasker_consumers.kafka.offsets import watermarks
from tests.support.kafka.topics import delete_topics, grow_topics, make_topic, make_topics
from tests.support.processes import LIMIT_S, eventually
from tests.support.worker_process import WorkerProcess

PARTITIONS = 4
CHANGELOG = "states-changelog"
Counts = dict[bytes, tuple[int, int]]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = LIMIT_S) -> None:
    """Return when the condition holds; fail with `what` when it does not in time."""
    assert eventually(condition, seconds), f"waited {seconds:.0f} s in vain: {what}"


class Arena:
    """Two source topics and an output under one prefix, and what was put into the sources."""

    def __init__(self, bootstrap: str, prefix: str, directory: Path) -> None:
        self.bootstrap, self.prefix, self.directory = bootstrap, prefix, directory
        self.expected: dict[bytes, dict[int, int]] = {}
        #: How many numbers were sent, and in how many records.
        self.numbers = self.records = 0

    def create_topics(self, **partitions: int) -> None:
        """Create `a`, `b` and `counts`, with four partitions unless told otherwise."""
        names = {"a": PARTITIONS, "b": PARTITIONS, "counts": PARTITIONS, **partitions}
        compacted = {"cleanup.policy": "compact"}
        topics = [
            NewTopic(f"{self.prefix}.{name}", count, 1, config=compacted if name == "counts" else {})
            for name, count in names.items()
            if count
        ]
        make_topics(AdminClient({"bootstrap.servers": self.bootstrap}), topics)

    def create_topic(self, topic: str, config: dict[str, str]) -> None:
        """Create a topic by its whole name."""
        make_topic(AdminClient({"bootstrap.servers": self.bootstrap}), topic, PARTITIONS, config)

    def add_partitions(self, name: str, total: int) -> None:
        """Raise the number of a topic's partitions."""
        grow_topics(AdminClient({"bootstrap.servers": self.bootstrap}), {f"{self.prefix}.{name}": total})

    def ends(self, name: str) -> dict[int, int]:
        """Return the offset after the last record of each partition."""
        topic = f"{self.prefix}.{name}"
        with self._reader("reader") as consumer:
            return {
                number: watermarks(consumer, TopicPartition(topic, number))[1] for number in self._partitions(topic)
            }

    def delete_records(self, name: str) -> None:
        """Delete all records that a topic holds, as its retention does."""
        places = [TopicPartition(f"{self.prefix}.{name}", number, end) for number, end in self.ends(name).items()]
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for deleted in admin.delete_records(places).values():
            deleted.result()

    def alter_topic(self, name: str, config: dict[str, str]) -> None:
        """Change settings of a topic."""
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in config.items()
        ]
        resource = ConfigResource(ConfigResource.Type.TOPIC, f"{self.prefix}.{name}", incremental_configs=entries)
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for altered in admin.incremental_alter_configs([resource]).values():
            altered.result()

    def forget_group(self) -> None:
        """Delete the group's changelog and its committed offsets, as an administrator may."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        group = f"{self.prefix}-counting"
        delete_topics(admin, [f"{group}-{CHANGELOG}"])
        for deleted in admin.delete_consumer_groups([group]).values():
            deleted.result()

    def produce(self, count: int, keys: int, *, topics: str = "ab", seed: int = 7) -> None:
        """Send numbers to the topics, one in a hundred twice, and remember what they add up to."""
        rng, first = random.Random(seed), self.numbers
        with self.producer() as send:
            for number in range(first, first + count):
                key, value = b"key-%d" % rng.randrange(keys), rng.randrange(1000)
                self.expected.setdefault(key, {})[number] = value
                for _ in range(1 + (number % 100 == 0)):
                    send(rng.choice(topics), key, b"%d:%d" % (number, value))
        self.numbers += count

    @contextmanager
    def producer(self, **settings: Any) -> Iterator[Callable[..., None]]:
        """Yield a function that sends a record; all are delivered at the end of the block.

        A record that is refused is sent again: the broker takes a while to follow new settings of a topic.
        """
        client = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "linger.ms": 10,
                "queue.buffering.max.messages": 1_000_000,
                "partitioner": "murmur2_random",
                **settings,
            }
        )

        def send(topic: str, key: bytes | None, value: bytes | None, **more: Any) -> None:
            def produce(error: object, _: object) -> None:
                if error is not None:
                    client.produce(f"{self.prefix}.{topic}", value, key, on_delivery=produce, **more)

            produce("not sent yet", None)
            client.poll(0)
            self.records += 1

        yield send
        assert client.flush(LIMIT_S) == 0

    def worker(self, name: str = "w", *, processor: dict[str, Any] | None = None, **settings: Any) -> WorkerProcess:
        """Start a worker; all of them share one state directory."""
        return WorkerProcess(
            "tests.support.engine.counting",
            {
                "processor": {"prefix": self.prefix, **(processor or {})},
                "settings": {
                    "kafka": {"bootstrap.servers": self.bootstrap},
                    "state_dir": str(self.directory / "state"),
                    "session_timeout": 6.0,
                    "commit_interval": 0.3,
                    **settings,
                },
            },
            self.directory / f"{name}.log",
        )

    def commit(self, group: str, topic: str) -> None:
        """Have a group be done with all records of a topic."""
        with self._reader(group) as consumer:
            ends = [
                TopicPartition(topic, number, watermarks(consumer, TopicPartition(topic, number))[1])
                for number in self._partitions(topic)
            ]
            consumer.commit(offsets=ends, asynchronous=False)

    def committed(self) -> int:
        """Return how many source records the group is done with; -1 while the group cannot be asked."""
        places = [TopicPartition(f"{self.prefix}.{name}", number) for name in "ab" for number in range(PARTITIONS)]
        with self._reader(f"{self.prefix}-counting") as consumer:
            try:
                return sum(max(place.offset, 0) for place in consumer.committed(places, timeout=5))
            except KafkaException:
                return -1

    def wait_committed(self, share: float = 1.0, seconds: float = LIMIT_S) -> None:
        """Wait until the group is done with a share of all records."""
        goal = int(share * self.records)
        wait_until(lambda: self.committed() >= goal, f"{goal} records committed (are {self.committed()})", seconds)

    def counts(self) -> Counts:
        """Return the last output for each key."""
        return {
            record.key(): (int(count), int(total))
            for record in self.read("counts")
            for count, total in [record.value().split(b":")]
        }

    def differences(self) -> dict[bytes, Any]:
        """Return the keys whose output or stored state is not what an offline recomputation says, with all three."""
        wanted = {key: (len(seen), sum(seen.values())) for key, seen in self.expected.items()}
        shown, kept = self.counts(), self.states()
        return {
            key: (wanted.get(key), shown.get(key), kept.get(key))
            for key in wanted | shown | kept
            if not wanted.get(key) == shown.get(key) == kept.get(key)
        }

    def states(self) -> Counts:
        """Return what the changelog alone would restore, in the output's terms."""
        entries = {record.key(): record.value() for record in self.changelog()}
        last = {key: json.loads(value) for key, value in entries.items() if value is not None}
        return {key: (len(seen), sum(seen.values())) for key, seen in last.items()}

    def changelog(self) -> list[Message]:
        """Return all records of states that the group's changelog holds now."""
        return [record for record in self._read(f"{self.prefix}-counting-{CHANGELOG}") if record.key() != FENCE]

    def read(self, name: str) -> list[Message]:
        """Return all records that a topic of the prefix holds now."""
        return self._read(f"{self.prefix}.{name}")

    def _read(self, topic: str) -> list[Message]:
        records: list[Message] = []
        with self._reader("reader") as consumer:
            consumer.assign([TopicPartition(topic, place, 0) for place in self._partitions(topic)])
            end = self._end(topic)
            while len(records) < end:
                records += consumer.consume(5000, 0.5)
        return records

    @contextmanager
    def _reader(self, group: str) -> Iterator[Consumer]:
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group, "enable.auto.commit": False})
        try:
            yield consumer
        finally:
            consumer.close()

    def _partitions(self, topic: str) -> range:
        with self._reader("reader") as consumer:
            return range(len(consumer.list_topics(topic, 10).topics[topic].partitions))

    def _end(self, topic: str) -> int:
        with self._reader("reader") as consumer:
            return sum(watermarks(consumer, TopicPartition(topic, place))[1] for place in self._partitions(topic))


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> Arena:
    """Fresh topics on the shared Kafka."""
    arena = Arena(kafka.bootstrap_servers, topic_prefix, tmp_path)
    arena.create_topics()
    return arena
