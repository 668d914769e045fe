"""Runs a command, and ends it when the process that asked for it is gone, by SIGKILL too.

It runs as a process of its own, in its own session, and starts the command. Its standard input is a pipe whose
other end only the asking process holds: `STOP` sends SIGTERM, `KILL` sends SIGKILL, end of file means that
nobody is left to send anything. A forked copy of the asking process may hold the pipe too, so the parent's
id is looked at now and then. (Linux's parent-death signal follows the *thread* that started a process, and
macOS has none.)

Only the standard library is imported, so that this starts in 20 ms, in `python -I -S`.
"""

import os
import select
import shutil
import signal
import subprocess
import sys

STOP = b"s"
KILL = b"k"

_PATIENCE_S = 10.0
_LOOK_AT_PARENT_EVERY_S = 0.5


def run(parent: int, temporary: str, command: list[str]) -> int:
    """Run the command, print its process id, return its exit code (128 + signal if it was killed).

    `temporary`, if not empty, is a directory to remove when the parent is no longer there to do it.
    """
    wake, ended = _pipe_of_ended_children()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    print(child.pid, flush=True)  # noqa: T201  (the parent reads it)
    orphaned = False
    while child.poll() is None:
        ready, _, _ = select.select([0, ended], [], [], _LOOK_AT_PARENT_EVERY_S)
        if ended in ready:
            os.read(ended, 64)
        order = os.read(0, 1) if 0 in ready else None
        orphaned = order == b"" or os.getppid() != parent
        if orphaned:
            _end(child)
        elif order is not None:
            child.send_signal(signal.SIGKILL if order == KILL else signal.SIGTERM)
    os.close(wake)
    if temporary and orphaned:
        shutil.rmtree(temporary, ignore_errors=True)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _pipe_of_ended_children() -> tuple[int, int]:
    """Return (write, read) ends of a pipe that becomes readable when a child ends."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return write, read


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Ask the child to end, kill it if it does not."""
    child.terminate()
    try:
        child.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
