"""A rolling restart of all groups on one machine while a service publishes: pauses, rebalances, losses.

Every worker is stopped by SIGTERM and started again under its name, one after the other. In the end each has taken
part in a single distribution of partitions since its start, every task is complete, and every span came once.

    python -m benchmarks.rolling [--rate N] [--seconds N]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.span_sink import SpanSink
from tasker_consumers.embedded import find_kafka
from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.stats.reading.topics import open_topic
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.topics import stats_topic

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "bench-rolling"
GROUPS = {"stats": 2, "telemetry": 2, "store": 1}  # a database of a single file takes one worker
STEPS, SPANS_OF_TASK = 4, 6  # the root, the task's own, and one for each step
LIMIT_S = 180.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Return when the condition holds; raises TimeoutError after three minutes."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {LIMIT_S:.0f} s in vain: {what}")
        time.sleep(0.1)


class Restart(NamedTuple):
    """One worker's restart: seconds from the signal to its end, and until it was ready again."""

    worker: str
    stopped_s: float
    ready_s: float


class Worker:
    """A process of a group that keeps its name and its address over restarts."""

    def __init__(self, group: str, number: int, environ: dict[str, str], directory: Path) -> None:
        self.name, self._group, self._directory = f"{group}-{number}", group, directory
        (self._port,) = free_ports(1)
        self._environ = {
            **environ,
            "TASKER_GROUP_INSTANCE_ID": self.name,
            "TASKER_STATE_DIR": str(directory / self.name),
            "TASKER_WEB_PORT": str(self._port),
            "TASKER_WEB_URL": f"http://127.0.0.1:{self._port}",
        }
        self.start()

    def start(self) -> None:
        """Start it, and return at once."""
        with (self._directory / f"{self.name}.log").open("ab") as log:
            command = [sys.executable, "-m", "tasker_consumers.cli", "run", self._group]
            self._process = subprocess.Popen(command, env=self._environ, stdout=log, stderr=log)

    def is_ready(self) -> bool:
        """Return whether it says so."""
        try:
            return bool(self._get("/readyz"))
        except (URLError, OSError):
            return False

    def restart(self) -> Restart:
        """Stop it, start it again, and wait until it is ready."""
        begin = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        if self._process.wait(LIMIT_S):
            raise RuntimeError(f"{self.name} ended with {self._process.returncode}")
        stopped = time.monotonic() - begin
        self.start()
        wait_until(self.is_ready, f"{self.name} is ready")
        return Restart(self.name, round(stopped, 1), round(time.monotonic() - begin, 1))

    def total(self, metric: str) -> float:
        """Return the sum of a metric's series."""
        return sum(map(float, re.findall(rf"^{metric}(?:{{.*}})? (\S+)$", self._get("/metrics"), re.MULTILINE)))

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def _get(self, path: str) -> str:
        with urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as answer:
            text: str = answer.read().decode()
            return text


class Service:
    """Publishes tasks of four steps at a rate, in a thread, until it is asked to stop."""

    def __init__(self, servers: str, events_per_s: float) -> None:
        self._settings = ProducerSettings(kafka={"bootstrap.servers": servers}, topic_prefix=PREFIX)
        self._rate = events_per_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.tasks, self.events_per_s = 0, 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        begin = time.monotonic()
        with EventPublisher(self._settings) as publisher:
            while not self._stop.is_set():
                with publisher.task("rolling", task_id=f"rolling-{self.tasks}", total_steps=STEPS) as task:
                    for number in range(STEPS):
                        with task.step(f"s{number}"):
                            pass
                self.tasks += 1
                ahead = publisher.stats()["published"] / self._rate - (time.monotonic() - begin)
                self._stop.wait(max(0.0, ahead))
            self.events_per_s = publisher.stats()["published"] / (time.monotonic() - begin)


def complete_tasks(servers: str) -> int:
    """Return how many tasks the statistics have as complete with all their steps."""
    complete: dict[str, bool] = {}
    with open_topic({"bootstrap.servers": servers}, stats_topic(PREFIX)) as reader:
        while not reader.has_read_all():
            for task in reader.changes(1.0):
                complete[task["task_id"]] = task["status"] == "complete" and task["completed_steps"] == STEPS
    return sum(complete.values())


def measure(servers: str, sink: SpanSink, directory: Path, rate: float, seconds: float) -> dict[str, object]:
    """Restart every worker in turn under load, and return what came of it."""
    create_topics({"bootstrap.servers": servers}, PREFIX, partitions=6, replication_factor=1)
    environ = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TASKER_TOPIC_PREFIX": PREFIX,
        "TASKER_REPLICATION_FACTOR": "1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    }
    with ExitStack() as stack:
        workers = []
        for group, count in GROUPS.items():
            for number in range(count):
                workers.append(Worker(group, number, environ, directory))
                stack.callback(workers[-1].kill)
        wait_until(lambda: all(worker.is_ready() for worker in workers), "all workers are ready")
        with Service(servers, rate) as service:
            time.sleep(seconds / 2)
            restarts = [worker.restart() for worker in workers]
            time.sleep(seconds / 2)
        end = time.monotonic()
        wait_until(lambda: not any(worker.total("tasker_engine_lag_records") for worker in workers), "no lag is left")
        caught_up = time.monotonic() - end
        wait_until(lambda: complete_tasks(servers) == service.tasks, "all tasks are complete")
        spans = Counter((span.trace_id, span.span_id) for _, span in sink.arrived())
        return {
            "events_per_s": round(service.events_per_s),
            "tasks": service.tasks,
            "spans": len(spans),
            "spans_missing": service.tasks * SPANS_OF_TASK - len(spans),
            "spans_twice": sum(count > 1 for count in spans.values()),
            "rebalances_beyond_the_start": sum(w.total("tasker_engine_rebalances_total") - 1 for w in workers),
            "paused_s": {w.name: round(w.total("tasker_engine_paused_seconds_total"), 1) for w in workers},
            "lag_zero_after_s": round(caught_up, 1),
            "restarts": [restart._asdict() for restart in restarts],
        }


def main() -> int:
    """Run it; the exit code is 1 if anything was lost or doubled, or the group was disturbed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=1000.0, help="events per second")
    parser.add_argument("--seconds", type=float, default=20.0, help="of load before and after the restarts, together")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, find_kafka(os.environ) as kafka, SpanSink() as sink:
        found = measure(kafka.bootstrap_servers, sink, Path(folder), options.rate, options.seconds)
    print(json.dumps(found, indent=1))
    return int(any(found[key] for key in ("spans_missing", "spans_twice", "rebalances_beyond_the_start")))


if __name__ == "__main__":
    sys.exit(main())
