"""The consumer groups of the demo, each a process of its own."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tasker_consumers.demo.failure import DemoFailed
from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.embedded.process import GuardedProcess

GROUPS = ("stats", "telemetry")
_SHOWN_LINES = 15


@dataclass(frozen=True, slots=True)
class Worker:
    """A running `tasker run <name>`; it ends with this process, however that ends."""

    name: str
    process: GuardedProcess
    log: Path
    port: int

    def check(self) -> None:
        """Raise DemoFailed, with the last lines of its log, if it is gone."""
        if not self.process.running:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LINES:]
            raise DemoFailed(f"`tasker run {self.name}` ended; the last lines of its log:\n" + "\n".join(lines))


@contextmanager
def start_workers(directory: Path, variables: Mapping[str, str], *, politely: bool) -> Iterator[list[Worker]]:
    """Start both groups with `variables` on top of this process's environment, and end them after the block.

    Logs, states and spans are kept in `directory`. `politely` lets them leave their groups in good order; where the
    Kafka goes too, that would be time wasted.
    """
    with ExitStack() as stack:
        workers = []
        for name, port in zip(GROUPS, free_ports(len(GROUPS)), strict=True):
            own = {"TASKER_WEB_PORT": str(port), "TASKER_STATE_DIR": str(directory / "state")}
            log = directory / f"{name}.log"
            process = GuardedProcess(_command(name, {**variables, **own}), log=log, remove_if_orphaned=directory)
            stack.callback(process.stop if politely else process.kill)
            workers.append(Worker(name, process, log, port))
        yield workers


def _command(name: str, variables: Mapping[str, str]) -> list[str]:
    env = shutil.which("env") or "env"
    return [
        env,
        *(f"{key}={value}" for key, value in variables.items()),
        sys.executable,
        "-m",
        "tasker_consumers.cli",
        "run",
        name,
    ]
