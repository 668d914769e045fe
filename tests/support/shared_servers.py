"""Servers for all pytest workers of a run: the first worker that needs one has it started, and it ends with the run.

`python -m tests.support.shared_servers FIND PID` calls a function of `tasker_consumers.embedded`, prints the source as
JSON and returns; the server is there for as long as the process PID is.
"""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tasker_consumers import embedded
from tasker_consumers.embedded import KafkaSource, ServerKind, WebSource
from tests.support.processes import is_alive

_ROOT = Path(__file__).parents[2]
S = TypeVar("S", KafkaSource, WebSource)


@contextmanager
def shared_server(
    find: Callable[[Mapping[str, str]], AbstractContextManager[S]], kind: type[S], factory: pytest.TempPathFactory
) -> Iterator[S]:
    """Yield the server that `find` finds: in a single pytest process its own, else the one of all workers."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        with find(os.environ) as source:
            yield source
        return
    # Workers share the directory above their own, and the process that started them.
    directory, name = factory.getbasetemp().parent, find.__name__
    with (directory / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = directory / f"{name}.json"
        if not answer.exists():
            keeper = [sys.executable, "-m", "tests.support.shared_servers", name, str(os.getppid())]
            started = subprocess.run(keeper, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True)
            answer.write_text(started.stdout)
    found: dict[str, Any] = json.loads(answer.read_text())
    yield kind(**{**found, "how": ServerKind(found["how"])})


def main(find: str, run: int) -> int:
    """Leave a process behind that keeps a server until the process `run` has ended, and print its source."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        with os.fdopen(reading) as answer:
            text = answer.read()
        sys.stdout.write(text)
        return 0 if text else 1
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with getattr(embedded, find)(os.environ) as source:
        with os.fdopen(writing, "w") as answer:
            json.dump(asdict(source), answer)
        while is_alive(run):
            time.sleep(0.2)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
