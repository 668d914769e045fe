"""`tasker demo` as a process of its own, looked at while it holds and after it ended."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from tasker_consumers.kafka.offsets import watermarks
from tasker_consumers.replay.reading.offset_range import OffsetRange
from tasker_consumers.replay.reading.read import open_source, read

TASKER = [sys.executable, "-m", "tasker_consumers.cli"]
LIMIT_S = 120.0


def tasker_environ(**variables: str) -> dict[str, str]:
    """Return this process's environment without settings of ours, and with those given."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("TASKER_", "KAFKA_", "OTEL_"))}
    return {**inherited, **variables}


def run_tasker(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run one command to its end."""
    return subprocess.run(
        [*TASKER, *arguments],
        env=tasker_environ(**variables),
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )


@dataclass
class HeldDemo:
    """A demo that goes on until it is stopped; `document` is what it printed, `told` its lines on standard error."""

    process: "subprocess.Popen[str]"
    servers: str
    document: dict[str, Any] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    settled: threading.Event = field(default_factory=threading.Event)

    @property
    def prefix(self) -> str:
        return self._in_what_was_told(r"TASKER_TOPIC_PREFIX=(\S+)")

    @property
    def directory(self) -> Path:
        return Path(self._in_what_was_told(r"^logs\s+(\S+)"))

    @property
    def connection(self) -> dict[str, str]:
        return {"bootstrap.servers": self.servers}

    @property
    def variables(self) -> dict[str, str]:
        """What its own lines tell to export."""
        return {"KAFKA_BOOTSTRAP_SERVERS": self.servers, "TASKER_TOPIC_PREFIX": self.prefix}

    def topics(self) -> list[str]:
        """The topics of this demo, those of its groups included."""
        names = AdminClient(self.connection).list_topics(timeout=LIMIT_S).topics
        return [name for name in names if name.startswith(self.prefix)]

    def remove_topics(self) -> None:
        """Remove what the demo itself cannot remove any more."""
        admin = AdminClient(self.connection)  # its answers end with it
        for removed in admin.delete_topics(self.topics()).values():
            removed.result()

    def ports(self) -> list[int]:
        """The ports that its groups answer at."""
        return [int(port) for line in self.told for port in re.findall(r"http://127\.0\.0\.1:(\d+)/readyz", line)]

    def topic_bytes(self) -> bytes:
        """Every byte of every record of those topics."""
        with open_source(self.connection) as consumer:
            ranges = _everything(consumer, self.topics())
            return b"".join(
                part or b""
                for record in read(consumer, ranges)
                for part in (record.key, record.value, *(value for _, value in record.headers))
            )

    def stop(self) -> int:
        """Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(LIMIT_S)

    def _in_what_was_told(self, pattern: str) -> str:
        found = next(match for line in self.told if (match := re.search(pattern, line)))
        return found[1]


@contextmanager
def held_demo(servers: str, *arguments: str) -> Iterator[HeldDemo]:
    """Run `tasker demo --json --keep` until it holds, and end it after the block."""
    process = subprocess.Popen(
        [*TASKER, "demo", "--json", "--keep", *arguments],
        env=tasker_environ(KAFKA_BOOTSTRAP_SERVERS=servers),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    demo = HeldDemo(process, servers)
    listener = threading.Thread(target=_listen, args=(demo,))
    listener.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        held = demo.settled.wait(LIMIT_S) and process.poll() is None
        assert held, "the demo did not come to its end:\n" + "\n".join(demo.told)
        demo.document = json.loads(line)
        yield demo
    finally:
        if process.poll() is None:
            demo.stop()
        listener.join()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _listen(demo: HeldDemo) -> None:
    assert demo.process.stderr is not None
    for line in demo.process.stderr:
        demo.told.append(line.rstrip("\n"))
        if line.startswith("logs "):  # the last line it tells
            demo.settled.set()
    demo.settled.set()


def _everything(consumer: Consumer, topics: Sequence[str]) -> list[OffsetRange]:
    known = consumer.list_topics(timeout=LIMIT_S).topics
    return [
        OffsetRange(topic, number, *span)
        for topic in topics
        for number in known[topic].partitions
        if (span := watermarks(consumer, TopicPartition(topic, number)))[0] < span[1]
    ]
