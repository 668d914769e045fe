"""Processes that begin with their modules imported: forks of a server that has imported them and done nothing else.

A worker's imports take over a second of computing time, and the tests start hundreds of workers.
"""

import atexit
import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

#: Programs with a function `main` of one argument that returns the exit code, or exits with it.
PROGRAMS = (
    "tests.support.engine.counting",
    "tests.support.stats.arena",
    "tests.support.store.worker",
    "tests.support.telemetry.worker",
)

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([*PROGRAMS, "tests.support.remembered_sources"])


class PreloadedProcess:
    """A program of `PROGRAMS` as a process of its own; the methods are those of `subprocess.Popen`."""

    def __init__(self, program: str, argument: Any, log: Path) -> None:
        assert program in PROGRAMS, f"add {program} to PROGRAMS"
        log.touch()
        call = (program, argument, str(log), dict(os.environ))
        self._process = _CONTEXT.Process(target=_run, args=call, name=program, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, minus the number of the signal that killed it, or none while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit code, or none while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when it has ended; raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)


def _run(program: str, argument: Any, log: str, environ: dict[str, str]) -> None:
    """Be the program, with its output at the end of a file."""
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    os.close(output)
    os.environ.clear()
    os.environ.update(environ)
    try:
        sys.exit(importlib.import_module(program).main(argument))
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves them out
