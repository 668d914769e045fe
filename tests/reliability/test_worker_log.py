"""What a worker logs from its start to its end: few lines, all of them JSON where nobody reads along."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.embedded import EmbeddedKafka
from tasker_consumers.kafka.topics import create_topics
from tests.support.demo_runs import TASKER, tasker_environ
from tests.support.pages import page_at
from tests.support.processes import LIMIT_S, eventually

#: Lines of a start and an orderly end, with some room: start, topics, two addresses, assignment, ready, stop.
MOST_LINES = 10


class LoggingWorker:
    """A `tasker run` whose log goes into a file."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process, self.log = process, log

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def readyz(self) -> str:
        (address,) = re.findall(r"Health and metrics at (http://[0-9.:]+)", self.log.read_text())
        status, text = page_at(f"{address}/readyz")
        return text if status == HTTPStatus.OK else f"{status} {text}"

    def has_said(self, text: str) -> bool:
        return text in self.log.read_text()


@contextmanager
def running(kind: str, kafka: EmbeddedKafka, prefix: str, directory: Path, **variables: str) -> Iterator[LoggingWorker]:
    create_topics({"bootstrap.servers": kafka.bootstrap_servers}, prefix, partitions=2)
    environ = tasker_environ(
        KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers,
        TASKER_TOPIC_PREFIX=prefix,
        TASKER_STATE_DIR=str(directory / "state"),
        **variables,
    )
    log = directory / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([*TASKER, "run", kind], env=environ, stdout=out, stderr=out)
    try:
        yield LoggingWorker(process, log)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("kind", ["stats", "telemetry"])
def test_a_start_and_an_end_take_a_few_lines(
    own_kafka: EmbeddedKafka, topic_prefix: str, tmp_path: Path, kind: str
) -> None:
    with running(kind, own_kafka, topic_prefix, tmp_path) as worker:
        assert eventually(lambda: worker.has_said("Ready with partitions 0, 1")), worker.log.read_text()
        worker.process.terminate()
        assert worker.process.wait(LIMIT_S) == 0
    events = [line["event"] for line in worker.lines()]
    assert len(events) <= MOST_LINES
    assert re.match(
        rf"tasker-events \S+ \(native: .+\): group {topic_prefix}-{kind} at 127.0.0.1:\d+, states in ", events[0]
    )
    assert events[-1] == "Stopped: all finished work is committed"


def test_a_broker_that_dies_is_told_in_few_lines_and_the_last_says_why_the_worker_ended(
    own_kafka: EmbeddedKafka, topic_prefix: str, tmp_path: Path
) -> None:
    with running("stats", own_kafka, topic_prefix, tmp_path, TASKER_BROKER_TIMEOUT_S="25") as worker:
        assert eventually(lambda: worker.has_said("Ready with partitions")), worker.log.read_text()
        own_kafka.kill()
        assert eventually(lambda: worker.has_said("No broker for 1"))
        assert worker.readyz().startswith("503 no answer from Kafka for")
        assert worker.process.wait(90) == 1
    events = [line["event"] for line in worker.lines()]
    assert events[-1] == "tasker: no broker has answered for 25 s: giving up"
    assert [event for event in events if event.startswith("No broker for 1")]
    assert len(events) <= 2 * MOST_LINES
