"""All groups as processes with a real Prometheus beside them, and faults of each kind for the panels to show."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.kafka.topics import create_topics
from tasker_producer import EventPublisher, ProducerSettings, StepEvents
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic
from tests.support.demo_runs import TASKER, tasker_environ
from tests.support.measured_service import MeasuredService
from tests.support.processes import LIMIT_S, eventually

if TYPE_CHECKING:
    from pathlib import Path

_EARLIER, _LATER = 1_750_000_000_000_000, 1_750_000_005_000_000
GROUPS = ("stats", "telemetry", "store")
PARTITIONS = 2


class MonitoredSystem:
    """Runs as long as the `with` block lasts; `spans_to` is where the telemetry group exports to."""

    def __init__(self, servers: str, prefix: str, directory: Path, spans_to: str) -> None:
        self._servers, self._prefix, self._directory = servers, prefix, directory
        self._spans_to = spans_to
        *ports, self._service, self._prometheus = free_ports(len(GROUPS) + 2)
        self._ports = dict(zip(GROUPS, ports, strict=True))
        self._admin = AdminClient({"bootstrap.servers": servers})
        self._stack = ExitStack()
        self._workers: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        create_topics({"bootstrap.servers": self._servers}, self._prefix, partitions=PARTITIONS, replication_factor=1)
        # No window fits: so the statistics have results that their topic refuses.
        self._limit_records(f"{self._prefix}.stats.window", 64)
        for group in GROUPS:
            self._start(group)
        self._run("prometheus", self._prometheus_command(), {})
        self._stack.enter_context(MeasuredService(self._publisher(), self._service))
        assert eventually(lambda: self.query("count(tasker_engine_partitions_assigned > 0)") == [float(len(GROUPS))])
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def query(self, expression: str) -> list[float]:
        """Return the present value of each series that Prometheus finds."""
        url = f"http://127.0.0.1:{self._prometheus}/api/v1/query?{urlencode({'query': expression})}"
        try:
            with urlopen(url, timeout=LIMIT_S) as answer:
                found: list[Any] = json.load(answer)["data"]["result"]
        except OSError:  # it has not started yet
            return []
        return [float(series["value"][1]) for series in found]

    def publish(self) -> None:
        """Publish tasks that end well or badly, attempts without a beginning, and an unreadable record."""
        with self._publisher() as publisher:
            for number in range(4):
                with publisher.task("order", task_id=f"good-{number}", total_steps=1) as task:
                    for is_first in (True, False):
                        with suppress(TimeoutError), task.step("pay", step_id="pay"):
                            _pay(fails=is_first)
                with suppress(TimeoutError), publisher.task("order", task_id=f"bad-{number}"):
                    _pay(fails=True)
                publisher.publish_step_event(  # whose clock goes back
                    StepEvents.COMPLETED,
                    task_id=f"open-{number}",
                    step_id="a",
                    started_at=_LATER,
                    completed_at=_EARLIER,
                )
            assert publisher.flush(LIMIT_S) == 0
        self._produce()

    def expire(self) -> None:
        """Let retention remove records that the statistics have not read, while their worker is away."""
        self._workers["stats"].terminate()
        self._workers["stats"].wait(LIMIT_S)
        self._produce()
        ends = [TopicPartition(self._steps, number, -1) for number in range(PARTITIONS)]
        for deleted in self._admin.delete_records(ends).values():
            deleted.result()
        self._start("stats")

    def _start(self, group: str) -> None:
        self._workers[group] = self._run(group, [*TASKER, "run", group], self._variables(group))

    @property
    def _steps(self) -> str:
        return event_topic(Family.STEP, self._prefix)

    def _publisher(self) -> EventPublisher:
        kafka = {"bootstrap.servers": self._servers}
        return EventPublisher(ProducerSettings(kafka=kafka, topic_prefix=self._prefix, service_name="shop"))

    def _produce(self) -> None:
        producer = Producer({"bootstrap.servers": self._servers})
        for number in range(PARTITIONS):
            producer.produce(self._steps, b"no event", b"key", partition=number)
        assert producer.flush(LIMIT_S) == 0

    def _limit_records(self, topic: str, size: int) -> None:
        entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        for altered in self._admin.incremental_alter_configs([resource]).values():
            altered.result()

    def _variables(self, group: str) -> dict[str, str]:
        return tasker_environ(
            KAFKA_BOOTSTRAP_SERVERS=self._servers,
            TASKER_TOPIC_PREFIX=self._prefix,
            TASKER_STATE_DIR=str(self._directory / group),
            TASKER_WEB_HOST="127.0.0.1",
            TASKER_WEB_PORT=str(self._ports[group]),
            TASKER_REPLICATION_FACTOR="1",
            OTEL_EXPORTER_OTLP_ENDPOINT=self._spans_to,
            OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        )

    def _prometheus_command(self) -> list[str]:
        targets = {f"tasker-{group}": port for group, port in self._ports.items()} | {"service": self._service}
        jobs = [
            {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"instance": job}}]}
            for job, port in targets.items()
        ]
        file = self._directory / "prometheus.yml"
        file.write_text(yaml.safe_dump({"global": {"scrape_interval": "500ms"}, "scrape_configs": jobs}))
        data = self._directory / "prometheus"
        address = f"127.0.0.1:{self._prometheus}"
        return [
            "prometheus", f"--config.file={file}", f"--storage.tsdb.path={data}", f"--web.listen-address={address}"
        ]  # fmt: skip

    def _run(self, name: str, command: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self._directory / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, env=environ or None, stdout=log, stderr=log)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process


def _pay(*, fails: bool) -> None:
    if fails:
        raise TimeoutError("the bank did not answer")
