"""The whole system on one machine: a Kafka, and a worker of each group, kept alive until somebody stops it.

What it learns stays in the state directory: the next start goes on from there.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tasker_consumers.demo.workers import WEB, Worker, command_of, has_web
from tasker_consumers.embedded import EmbeddedKafka, find_zipkin
from tasker_consumers.embedded.java.process import GuardedProcess
from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.settings import ConsumerSettings

HOST = "127.0.0.1"
GROUPS = ("stats", "telemetry", "store")
#: A worker that ended is started again, after a pause that doubles up to a minute.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0


@dataclass(slots=True)
class Member:
    """A group's worker, started again whenever it ends."""

    name: str
    directory: Path
    variables: Mapping[str, str]
    port: int
    starts: int = 0
    pause_s: float = _FIRST_PAUSE_S
    due_at: float = 0.0
    worker: Worker | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        """The file of its log."""
        return self.directory / f"{self.name}.log"

    def keep_alive(self) -> None:
        """Start it if it does not run and its time has come."""
        if self.worker is not None and not self.worker.process.running:
            self.worker = None
            self.due_at, self.pause_s = time.monotonic() + self.pause_s, min(2 * self.pause_s, _LONGEST_PAUSE_S)
        if self.worker is None and time.monotonic() >= self.due_at:
            server = {"TASKER_WEB_HOST": HOST, "TASKER_WEB_PORT": str(self.port)}
            command = command_of(self.name, {**self.variables, **server})
            process = GuardedProcess(command, log=self.log, remove_if_orphaned=None)
            self.worker = Worker(self.name, process, self.log, self.port)
            self.starts += 1

    def state(self) -> str:
        """Return how it is, for people."""
        if self.worker is None:
            return f"ended; its log says why: {self.log}"
        return self.worker.state()

    def stop(self) -> None:
        """End it in good order."""
        if self.worker is not None:
            self.worker.process.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Everything that runs; `places` are the servers beside the workers, by name."""

    kafka: str
    prefix: str
    directory: Path
    places: Mapping[str, str]
    members: Sequence[Member]

    def keep_alive(self) -> None:
        """Start again whatever ended."""
        for member in self.members:
            member.keep_alive()

    def states(self) -> dict[str, str]:
        """Return how each worker is, by its name."""
        return {member.name: member.state() for member in self.members}


@contextmanager
def start_system(settings: ConsumerSettings, *, zipkin: bool, groups: Sequence[str] = GROUPS) -> Iterator[System]:
    """Start everything and stop it after the block; a Kafka that the settings name is used and left as it is.

    Raises BackendUnavailable or ConfigurationError when Kafka or Zipkin cannot be started.
    """
    directory = settings.state_dir.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        servers = settings.kafka.get("bootstrap.servers", "")
        if not servers:
            servers = stack.enter_context(EmbeddedKafka(data_dir=directory / "kafka")).bootstrap_servers
        kafka = {**settings.kafka, "bootstrap.servers": servers}
        create_topics(kafka, settings.topic_prefix, default_partitions=settings.partitions)
        places, variables = {"kafka": servers}, _variables(servers, settings, directory)
        if zipkin:
            url = stack.enter_context(find_zipkin(os.environ)).url
            places["zipkin"] = url
            variables |= {"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_EXPORTER_ZIPKIN_ENDPOINT": f"{url}/api/v2/spans"}
        elif not any(name.startswith("OTEL_") for name in os.environ):
            variables["TASKER_TELEMETRY_FILE"] = str(directory / "spans.jsonl")
            places["spans"] = variables["TASKER_TELEMETRY_FILE"]
        names = [*groups, WEB] if has_web() else groups
        members = [
            Member(name, directory, variables, port) for name, port in zip(names, free_ports(len(names)), strict=True)
        ]
        for member in members:
            stack.callback(member.stop)
        system = System(
            kafka=servers, prefix=settings.topic_prefix, directory=directory, places=places, members=members
        )
        system.keep_alive()
        yield system


def _variables(servers: str, settings: ConsumerSettings, directory: Path) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TASKER_TOPIC_PREFIX": settings.topic_prefix,
        "TASKER_STATE_DIR": str(directory),
    }
