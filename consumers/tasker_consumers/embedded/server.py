"""The base of all embedded servers: a Java process with a directory, a port and a log."""

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tasker_consumers.embedded.java.process import GuardedProcess
from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.embedded.readiness import wait_until
from tasker_consumers.stop_signals import held_back
from tasker_schemas.errors import BackendUnavailable, UsageError

HOST = "127.0.0.1"
SMALL_JVM = (
    "-Xmx512m",
    # Servers that live for seconds or minutes: a fast start and a small size beat a high peak.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "--enable-native-access=ALL-UNNAMED",  # for the libraries; else each of them prints a warning
    "-Djava.awt.headless=true",
)

_PORT_CHOICES = 3
_LINES_SHOWN = 15
_TAKEN = ("Address already in use", "in use by another process")  # the operating system's words, and Quarkus's


class EmbeddedServer(ABC):
    """A real server for as long as a `with` block lasts.

    Without `data_dir` its data are temporary. With it they stay, and a later server goes on with them.
    Within the block it may be stopped, killed and started again: data and port stay the same.
    """

    name: ClassVar[str]
    port_count: ClassVar[int] = 1

    def __init__(self, *, data_dir: Path | None = None, port: int | None = None) -> None:
        self._given_dir = None if data_dir is None else data_dir.resolve()
        self._temporary: Path | None = None
        self._given_port = port
        self._ports: Sequence[int] | None = None  # the clients' first
        self._process: GuardedProcess | None = None

    @abstractmethod
    def _command(self, ports: Sequence[int]) -> list[str]:
        """Prepare `data_dir` for a start on these ports, and return the command that is the server."""

    @abstractmethod
    def _answers(self, port: int) -> bool:
        """Whether the server answers its clients."""

    @property
    def port(self) -> int:
        """The clients' port: known from the first start on, and the same after each restart."""
        if self._ports is None:
            kind = type(self).__name__
            raise UsageError(f"An {kind} has no address before it is started: use it in a `with` block.")
        return self._ports[0]

    @property
    def data_dir(self) -> Path:
        """The directory of the server's data and settings, and of its own words in a log file."""
        if self._given_dir is not None:
            return self._given_dir
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix=f"tasker-{self._slug}-"))
        return self._temporary

    @property
    def pid(self) -> int | None:
        """The process id of the running server, none if it does not run."""
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

        Raises `BackendUnavailable`, with the server's last words, if it does not come up.
        """
        if self.pid is not None:
            return
        self.stop()  # if it has died by itself, its pipes are still open
        is_fixed = self._ports is not None or self._given_port is not None
        for choices_left in reversed(range(1 if is_fixed else _PORT_CHOICES)):
            ports = self._ports or self._choose_ports()
            try:
                self._start_on(ports)
            except _PortTaken:  # between our look and the server's; nobody knows the port yet, so take another
                if not choices_left:
                    raise
            else:
                self._ports = ports
                return

    def stop(self) -> None:
        """Stop in good order; data and port stay for another `start`."""
        with held_back():
            process, self._process = self._process, None
            if process is not None:
                process.stop()

    def kill(self) -> None:
        """End it by SIGKILL, as a crash would; data and port stay for another `start`."""
        with held_back():
            process, self._process = self._process, None
            if process is not None:
                process.kill()

    def restart(self) -> None:
        """Stop in good order, and start again on the same data and port."""
        self.stop()
        self.start()

    @property
    def _slug(self) -> str:
        return self.name.lower().replace(" ", "-")

    def _choose_ports(self) -> Sequence[int]:
        first, *further = free_ports(self.port_count)
        return self._given_port or first, *further

    def _start_on(self, ports: Sequence[int]) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        log = self.data_dir / f"{self._slug}.log"
        command = self._command(ports)
        size_before = log.stat().st_size if log.exists() else 0
        with held_back():
            self._process = GuardedProcess(command, log=log, remove_if_orphaned=self._temporary)
        address = f"{HOST}:{ports[0]}"
        try:
            wait_until(lambda: self._answers(ports[0]), running=lambda: self.pid is not None, address=address)
        except BackendUnavailable as reason:
            self.kill()
            output = log.read_bytes()[size_before:].decode(errors="replace")
            if any(phrase in output for phrase in _TAKEN):
                addresses = " or ".join(f"{HOST}:{port}" for port in ports)
                raise _PortTaken(
                    f"Another process listens on {addresses}, which the embedded {self.name}"
                    f" needs: end it, or choose another port. The server's own words are in {log}."
                ) from None
            last_words = "\n".join(_without_stack_frames(output)[-_LINES_SHOWN:])
            raise BackendUnavailable(
                f"The embedded {self.name} {reason}. Its last words, in {log}:\n{last_words}"
            ) from None

    def _close(self) -> None:
        with held_back():
            if self._temporary is None:
                self.stop()
                return
            self.kill()  # a good order is for data that stay
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None


def _without_stack_frames(output: str) -> list[str]:
    """Return the lines that tell something: not where in the server's code, nor Java's warnings about that code."""
    return [line for line in output.splitlines() if not line.startswith(("\tat ", "\t... ", "WARNING: "))]


class _PortTaken(BackendUnavailable):
    """Another process listens on the port."""
