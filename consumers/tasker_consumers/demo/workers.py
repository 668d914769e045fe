"""The consumer groups of the demo, each a process of its own."""

import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path

from tasker_consumers.demo.failure import DemoFailed
from tasker_consumers.embedded.java.process import GuardedProcess
from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.stop_signals import held_back, pause

GROUPS = ("stats", "telemetry")
#: The web view is no group: it starts as `tasker web`.
WEB = "web"
START_LIMIT_S = 60.0
_ANSWER_LIMIT_S = 5.0
_LOOK_EVERY_S = 0.05
_SHOWN_LINES = 15
_HOST = "127.0.0.1"
READY = "ok"


@dataclass(frozen=True, slots=True)
class Worker:
    """A running `tasker run <name>`; it ends with this process, however that ends."""

    name: str
    process: GuardedProcess
    log: Path
    port: int

    def ready(self) -> bool:
        """Return whether it has its place in its group; raises DemoFailed if it is gone."""
        self.check()
        return self.state() == READY

    def state(self) -> str:
        """Return the word of its `/readyz`, for people: `ok`, or the step before it can work."""
        if not self.process.running:
            return "ended"
        asking = HTTPConnection(_HOST, self.port, timeout=_ANSWER_LIMIT_S)
        try:
            asking.request("GET", "/readyz")
            answer = asking.getresponse()
            return READY if answer.status == HTTPStatus.OK else answer.read().decode("utf-8", "replace").strip()
        except (OSError, HTTPException):  # it does not listen yet
            return "starting"
        finally:
            asking.close()

    def check(self) -> None:
        """Raise DemoFailed, with the last lines of its log, if it is gone."""
        if not self.process.running:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LINES:]
            raise DemoFailed(f"`tasker run {self.name}` ended; the last lines of its log:\n" + "\n".join(lines))


@contextmanager
def start_workers(directory: Path, variables: Mapping[str, str], *, politely: bool) -> Iterator[list[Worker]]:
    """Start both groups with `variables` on top of this process's environment, and end them after the block.

    The block begins when both are at work, so statistics show while the demo runs. Logs, states and spans
    are kept in `directory`. `politely` lets the groups be left in good order; where the Kafka goes too, that would be
    time wasted.
    """
    with ExitStack() as stack:
        workers = []
        for name, port in zip(GROUPS, free_ports(len(GROUPS)), strict=True):
            workers.append(_start(stack, name, port, directory, variables, politely=politely))
        _wait_until_ready(workers)
        yield workers


def _start(
    stack: ExitStack, name: str, port: int, directory: Path, variables: Mapping[str, str], *, politely: bool
) -> Worker:
    """Start a worker, or the web view, and have the stack end it."""
    server = {"TASKER_WEB_HOST": _HOST, "TASKER_WEB_PORT": str(port), "TASKER_STATE_DIR": str(directory / "state")}
    command, log = command_of(name, {**variables, **server}), directory / f"{name}.log"
    with held_back():
        process = GuardedProcess(command, log=log, remove_if_orphaned=directory)
        stack.callback(process.stop if politely else process.kill)
    return Worker(name, process, log, port)


def _wait_until_ready(workers: Sequence[Worker]) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while waiting := [worker.name for worker in workers if not worker.ready()]:
        if time.monotonic() > deadline:
            raise DemoFailed(f"not at work after {START_LIMIT_S:.0f} s: {', '.join(waiting)}")
        pause(_LOOK_EVERY_S)


def command_of(name: str, variables: Mapping[str, str]) -> list[str]:
    """Return the command of a worker, or of the web view; variables given here are not taken from files as well."""
    env = [shutil.which("env") or "env"]
    for variable in variables:
        env += ["-u", f"{variable}_FILE"]
    env += [f"{variable}={value}" for variable, value in variables.items()]
    words = [name] if name == WEB else ["run", name]
    return [*env, sys.executable, "-m", "tasker_consumers.cli", *words]


@contextmanager
def start_web(directory: Path, variables: Mapping[str, str]) -> Iterator[str | None]:
    """Start the web view, and yield its address; None where its libraries are not installed."""
    if not has_web():
        yield None
        return
    (port,) = free_ports(1)
    with ExitStack() as stack:
        _start(stack, WEB, port, directory, variables, politely=True)
        yield f"http://{_HOST}:{port}"


def has_web() -> bool:
    """Return whether the libraries of the web view are installed."""
    return all(find_spec(library) is not None for library in ("jinja2", "starlette", "uvicorn"))
