"""A single Apache Kafka node (KRaft, broker and controller in one) as a child process (first form)."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import watchdog
from tasker_consumers.embedded.artifacts import KAFKA, class_path, java

if TYPE_CHECKING:
    from types import TracebackType

START_LIMIT_S = 60.0
STOP_LIMIT_S = 20.0
_JVM = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class EmbeddedKafka:
    """A real Kafka for as long as the `with` block lasts."""

    def __init__(self, data_dir: Path | None = None, port: int | None = None) -> None:
        self._given_dir = data_dir
        self._temporary: Path | None = None
        ports = _free_ports(2)
        self._port, self._controller_port = port or ports[0], ports[1]
        self._process: subprocess.Popen[str] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """`host:port`, the same after each restart."""
        return f"127.0.0.1:{self._port}"

    @property
    def data_dir(self) -> Path:
        """Where records, settings and `kafka.log` are."""
        if self._given_dir is not None:
            return self._given_dir
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="tasker-kafka-"))
        return self._temporary

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> Self:
        """Start, and return when the broker answers."""
        jars = ":".join(map(str, class_path(KAFKA)))
        settings = self._write_settings()
        run = [str(java()), *_JVM, "-cp", jars]
        with (self.data_dir / "kafka.log").open("ab") as log:
            if not (self.data_dir / "records" / "meta.properties").exists():
                subprocess.run(
                    [*run, "kafka.tools.StorageTool", "format", "-t", "dGFza2VyLWV2ZW50cy1rZg", "-c", settings],
                    check=True,
                    stdout=log,
                    stderr=log,
                )
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    watchdog.__file__,
                    str(__import__("os").getpid()),
                    str(self._temporary or ""),
                    *run,
                    "kafka.Kafka",
                    settings,
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                text=True,
            )
        self._wait_until_ready()
        return self

    def stop(self) -> None:
        """Stop in good order; data and port stay for a later `start`."""
        self._end("s")

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self._end("k")

    def restart(self) -> Self:
        """Stop and start on the same data and port."""
        self.stop()
        return self.start()

    def close(self) -> None:
        """Stop, and remove the data unless a directory was given."""
        self.stop()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def _end(self, order: str) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        try:
            process.stdin.write(order)
            process.stdin.flush()
            process.wait(STOP_LIMIT_S)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            pass
        finally:
            process.stdin.close()
            process.wait()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                if AdminClient({"bootstrap.servers": self.bootstrap_servers}).list_topics(timeout=5).brokers:
                    return
            except (OSError, KafkaException):
                pass
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = (self.data_dir / "kafka.log").read_text().splitlines()[-20:]
                raise RuntimeError("Kafka did not start:\n" + "\n".join(tail))
            time.sleep(0.05)

    def _write_settings(self) -> str:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        settings = self.data_dir / "server.properties"
        settings.write_text(
            f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{self._controller_port}
listeners=PLAINTEXT://127.0.0.1:{self._port},CONTROLLER://127.0.0.1:{self._controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{self._port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={self.data_dir / "records"}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""
        )
        return str(settings)
