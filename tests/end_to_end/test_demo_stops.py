"""A demo ends after a stop signal, at whatever moment that comes, and nothing of it stays behind."""

import fcntl
import signal
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.topics import connect, partitions_by_topic
from tests.support.demo_runs import LIMIT_S, TASKER, tasker_environ
from tests.support.processes import eventually, marked_processes

SMALLEST_PIPE = 4096


@dataclass(frozen=True)
class Demo:
    """A demo with a folder and a prefix of its own; `mark` is in the environment of all its processes."""

    process: "subprocess.Popen[str]"
    servers: str
    folder: Path
    mark: str

    def read_until(self, beginning: str) -> None:
        """Read what it tells until a line begins so."""
        assert self.process.stderr is not None
        assert any(line.startswith(beginning) for line in self.process.stderr), beginning

    def topics(self) -> list[str]:
        """The topics of this demo."""
        names = partitions_by_topic(connect({"bootstrap.servers": self.servers}))
        return [name for name in names if self.mark in name]

    def waits_for_a_reader(self) -> bool:
        """Whether its standard output is full."""
        assert self.process.stdout is not None
        room = fcntl.ioctl(self.process.stdout, termios.FIONREAD, bytes(4))
        return int.from_bytes(room, "little") == SMALLEST_PIPE


@contextmanager
def demo(kafka: KafkaSource, folder: Path, *arguments: str, stdout: int) -> Iterator[Demo]:
    mark = f"stopped-{uuid4().hex[:8]}"
    variables = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": mark, "TMPDIR": str(folder)}
    process = subprocess.Popen(
        [*TASKER, "demo", "--json", *arguments],
        env=tasker_environ(**variables),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        pipesize=SMALLEST_PIPE,
    )
    with process:
        try:
            yield Demo(process, kafka.bootstrap_servers, folder, mark)
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("Kafka: ", signal.SIGINT),
        ("Topics: ", signal.SIGTERM),
        ("Groups: ", signal.SIGINT),
        ("order", signal.SIGTERM),
        ("logs ", signal.SIGTERM),
    ],
)
def test_a_stop_signal_ends_it_and_leaves_nothing_behind(
    kafka: KafkaSource, tmp_path: Path, moment: str, number: signal.Signals
) -> None:
    with demo(kafka, tmp_path, "--keep", stdout=subprocess.DEVNULL) as running:
        running.read_until(moment)
        running.process.send_signal(number)
        _, told = running.process.communicate(timeout=LIMIT_S)
        assert (running.process.returncode, told) == (0 if moment == "logs " else 130, told)
        assert marked_processes(running.mark) == []
        assert list(tmp_path.glob("tasker-*")) == []
        assert eventually(lambda: not running.topics())


def test_a_stop_signal_ends_it_while_nobody_reads_its_document(kafka: KafkaSource, tmp_path: Path) -> None:
    with demo(kafka, tmp_path, stdout=subprocess.PIPE) as running:
        running.read_until("Groups: ")
        assert eventually(running.waits_for_a_reader)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(LIMIT_S) == 130
        assert marked_processes(running.mark) == []
        assert list(tmp_path.glob("tasker-*")) == []
