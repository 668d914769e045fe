"""A Java process, which ends with the process that started it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tasker_consumers.embedded.java import watchdog
from tasker_consumers.stop_signals import held_back

_STOP_LIMIT_S = 10.0


class GuardedProcess:
    """A running command behind its watchdog (see `watchdog`); it does not get the terminal's Ctrl-C.

    Whoever starts one holds stop signals back until it is written down who stops it.
    """

    def __init__(self, command: Sequence[str], *, log: Path, remove_if_orphaned: Path | None) -> None:
        guard = [sys.executable, "-I", "-S", watchdog.__file__, str(os.getpid()), str(remove_if_orphaned or "")]
        with held_back(), log.open("ab") as output:
            self._guard = subprocess.Popen(
                [*guard, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
            assert self._guard.stdout is not None
            self.pid = int(self._guard.stdout.readline() or 0)

    @property
    def running(self) -> bool:
        """Whether the command has not ended yet."""
        with held_back():  # a signal amid `poll` would leave its lock taken, and the wait of `kill` would not end
            return self._guard.poll() is None

    def stop(self) -> None:
        """Ask the command to end (SIGTERM), kill it if it does not within ten seconds; return when it is gone."""
        with held_back():
            self._order(watchdog.STOP)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._guard.wait(_STOP_LIMIT_S)
            self.kill()

    def kill(self) -> None:
        """Kill the command (SIGKILL), as a crash would, and return when it is gone."""
        with held_back():
            self._order(watchdog.KILL)
            self._guard.wait()
            for pipe in (self._guard.stdin, self._guard.stdout):
                assert pipe is not None
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _order(self, order: bytes) -> None:
        assert self._guard.stdin is not None
        with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended by itself, or was told before
            self._guard.stdin.write(order)
            self._guard.stdin.flush()
