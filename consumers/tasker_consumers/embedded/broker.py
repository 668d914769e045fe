"""A single Apache Kafka node, broker and controller in one, as a child process."""

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tasker_consumers.embedded.artifacts import KAFKA, class_path, java, program_dir
from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.embedded.process import GuardedProcess
from tasker_consumers.embedded.readiness import wait_until_it_answers
from tasker_consumers.embedded.settings import as_properties, node_settings
from tasker_consumers.embedded.storage import format_storage
from tasker_schemas.errors import BackendUnavailable, UsageError

_HOST = "127.0.0.1"
_PORT_CHOICES = 3
_LINES_SHOWN = 15
_TAKEN = "Address already in use"
_JVM = (
    "-Xmx512m",
    # A broker that lives for seconds or minutes: what starts fast and takes little beats what peaks high.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "--enable-native-access=ALL-UNNAMED",  # the compression libraries'; else each one prints a warning
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)


class EmbeddedKafka:
    """A real Kafka for as long as a `with` block lasts.

    Without `data_dir` its data are temporary. With it they stay, and a later `EmbeddedKafka` goes on with them.
    Within the block it may be stopped, killed and started again: data and port stay the same.
    """

    def __init__(self, *, data_dir: Path | None = None, port: int | None = None) -> None:
        self._given_dir = None if data_dir is None else data_dir.resolve()
        self._temporary: Path | None = None
        self._given_port = port
        self._ports: tuple[int, int] | None = None  # the clients', the controller's
        self._process: GuardedProcess | None = None

    @property
    def bootstrap_servers(self) -> str:
        """`host:port`: known from the first start on, and the same after each further one."""
        if self._ports is None:
            raise UsageError("An EmbeddedKafka has no address before it is started: use it in a `with` block.")
        return f"{_HOST}:{self._ports[0]}"

    @property
    def data_dir(self) -> Path:
        """The directory of the records, of `server.properties`, and of Kafka's own words in `kafka.log`."""
        if self._given_dir is not None:
            return self._given_dir
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="tasker-kafka-"))
        return self._temporary

    @property
    def pid(self) -> int | None:
        """The process id of the running Kafka, none if it does not run."""
        return self._process.pid if self._process is not None and self._process.running else None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def start(self) -> None:
        """Start, and return when it answers; if it runs already, nothing happens.

        Raises `BackendUnavailable`, with Kafka's last words, if it does not come up.
        """
        if self.pid is not None:
            return
        self.stop()  # if it has died by itself, its pipes are still open
        told = self._ports is not None or self._given_port is not None
        for choices_left in reversed(range(1 if told else _PORT_CHOICES)):
            ports = self._ports or self._choose_ports()
            try:
                self._start_on(*ports)
            except _PortTaken:  # between our look and Kafka's; nobody knows the port yet, so take another
                if not choices_left:
                    raise
            else:
                self._ports = ports
                return

    def stop(self) -> None:
        """Stop in good order; data and port stay for another `start`."""
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    def kill(self) -> None:
        """End it by SIGKILL, as a crash would; data and port stay for another `start`."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def restart(self) -> None:
        """Stop in good order, and start again on the same data and port."""
        self.stop()
        self.start()

    def _choose_ports(self) -> tuple[int, int]:
        first, second = free_ports(2)
        return self._given_port or first, second

    def _start_on(self, port: int, controller_port: int) -> None:
        jars = os.pathsep.join(map(str, class_path(KAFKA)))
        command = [str(java()), *_JVM, "-cp", jars]
        records, log = self.data_dir / "records", self.data_dir / "kafka.log"
        format_storage(records, command, template=program_dir(KAFKA).with_name(f"{KAFKA.key}.formatted"))
        settings = node_settings(bind=_HOST, reached_at=_HOST, port=port, controller_port=controller_port)
        properties = self.data_dir / "server.properties"
        properties.write_text(as_properties({**settings, "log.dirs": str(records)}))
        said_before = log.stat().st_size if log.exists() else 0
        self._process = GuardedProcess(
            [*command, "kafka.Kafka", str(properties)], log=log, remove_if_orphaned=self._temporary
        )
        try:
            wait_until_it_answers(_HOST, port, running=lambda: self.pid is not None)
        except BackendUnavailable as reason:
            self.kill()
            said = log.read_bytes()[said_before:].decode(errors="replace")
            if _TAKEN in said:
                raise _PortTaken(
                    f"Another process listens on {_HOST}:{port} or {_HOST}:{controller_port}, which the embedded Kafka"
                    f" needs: end it, or choose another port. Kafka's own words are in {log}."
                ) from None
            last_words = "\n".join(_without_stack_frames(said)[-_LINES_SHOWN:])
            raise BackendUnavailable(f"The embedded Kafka {reason}. Its last words, in {log}:\n{last_words}") from None

    def _close(self) -> None:
        self.stop()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None


def _without_stack_frames(said: str) -> list[str]:
    """Return the lines that tell something: not where in Kafka's code, nor Java's warnings about that code."""
    return [line for line in said.splitlines() if not line.startswith(("\tat ", "\t... ", "WARNING: "))]


class _PortTaken(BackendUnavailable):
    """Another process listens on the port."""
