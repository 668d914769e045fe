"""A worker of a consumer group as a process of its own, for tests that stop, freeze and kill it."""

import signal
from pathlib import Path
from typing import Any, Self

from tests.support.pages import page_at
from tests.support.preloaded import PreloadedProcess
from tests.support.processes import LIMIT_S, eventually

ROOT = Path(__file__).parents[2]


class WorkerProcess:
    """`main(arguments)` of a module, with its output in a file; leaving the block kills it if it still lives."""

    def __init__(self, module: str, arguments: dict[str, Any], log: Path) -> None:
        self.log = log
        self.process = PreloadedProcess(module, arguments, log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still lives."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a crash of the machine would."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.signal(signal.SIGTERM)
        return self.process.wait(LIMIT_S)

    def peak_mib(self) -> float:
        """Return the most memory that it held at any time, while it lives."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def said(self, text: str) -> int:
        """Return how often its log holds a text."""
        return self.log.read_text().count(text)

    def wait_ready(self, times: int = 1) -> None:
        """Wait until it has its partitions and their states, for the first or a later time."""
        assert eventually(lambda: self.said("Worker ready") >= times), f"{self.log.name} did not get ready"

    def address(self) -> str:
        """Return the address of its web server, also when it is dead."""
        assert eventually(lambda: self.said("Health and metrics at ") > 0), "the worker has no web server"
        return self.log.read_text().split("Health and metrics at ")[1].split()[0].rstrip('",')

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text of a page of its web server."""
        return page_at(self.address() + path)
