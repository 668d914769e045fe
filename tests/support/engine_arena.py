"""Topics, records and worker processes for tests of the engine, with what must come out at the end."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import urlopen

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
CHANGELOG = "states-changelog"
Counts = dict[bytes, tuple[int, int]]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 40) -> None:
    """Return when the condition holds; fail with `what` when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.1)


class Worker:
    """A worker process; leaving the block kills it if it still lives."""

    def __init__(self, arguments: dict[str, Any], log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.engine_counting", json.dumps(arguments)],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End it as a crash of the machine would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def said(self, text: str) -> int:
        """Return how often its log holds a text."""
        return self.log.read_text().count(text)

    def wait_ready(self, times: int = 1) -> None:
        """Wait until it has its partitions and their states, for the first or a later time."""
        wait_until(lambda: self.said("Worker ready") >= times, f"{self.log.name} ready")

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text of a page of its web server."""
        wait_until(lambda: self.said("Health and metrics at ") > 0, "the worker's web server")
        address = self.log.read_text().split("Health and metrics at ")[1].split()[0]
        try:
            with urlopen(address + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()


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
        topics = [NewTopic(f"{self.prefix}.{name}", count, 1) for name, count in names.items() if count]
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for created in admin.create_topics(topics).values():
            created.result()

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
    def producer(self) -> Iterator[Callable[..., None]]:
        """Yield a function that sends a record; all are delivered at the end of the block."""
        client = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "linger.ms": 10,
                "queue.buffering.max.messages": 1_000_000,
                "partitioner": "murmur2_random",
            }
        )

        def send(topic: str, key: bytes | None, value: bytes | None, **more: Any) -> None:
            client.produce(f"{self.prefix}.{topic}", value, key, **more)
            client.poll(0)
            self.records += 1

        yield send
        assert client.flush(30) == 0

    def worker(self, name: str = "w", *, processor: dict[str, Any] | None = None, **settings: Any) -> Worker:
        """Start a worker; all of them share one state directory."""
        return Worker(
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

    def committed(self) -> int:
        """Return how many source records the group is done with; -1 while the group cannot be asked."""
        places = [TopicPartition(f"{self.prefix}.{name}", number) for name in "ab" for number in range(PARTITIONS)]
        with self._reader(f"{self.prefix}-counting") as consumer:
            try:
                return sum(max(place.offset, 0) for place in consumer.committed(places, timeout=5))
            except KafkaException:
                return -1

    def wait_committed(self, share: float = 1.0, seconds: float = 60) -> None:
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
        last = {
            record.key(): json.loads(record.value()) for record in self._read(f"{self.prefix}-counting-{CHANGELOG}")
        }
        return {key: (len(seen), sum(seen.values())) for key, seen in last.items()}

    def changelog(self) -> list[Message]:
        """Return all records that the group's changelog holds now."""
        return self._read(f"{self.prefix}-counting-{CHANGELOG}")

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
            return sum(
                consumer.get_watermark_offsets(TopicPartition(topic, place), timeout=10)[1]
                for place in self._partitions(topic)
            )
