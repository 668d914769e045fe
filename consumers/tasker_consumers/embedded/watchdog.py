"""Runs one program and never outlives its parent: the parent's death, SIGKILL included, ends the program.

The parent starts this file as a process of its own, in its own session, and keeps the other end of its
standard input: `s` asks the program to stop (SIGTERM), `k` kills it, end of file means the parent is gone.
A pipe rather than Linux's parent-death signal, which follows the *thread* that started the process and
does not exist on macOS. A forked sibling may hold the pipe open, so the parent's id is looked at as well.

Standard library only, and nothing of ours: it starts in 20 ms.
"""

import os
import select
import shutil
import signal
import subprocess
import sys

PATIENCE_S = 10.0
LOOK_AT_PARENT_EVERY_S = 0.5


def watch(child: "subprocess.Popen[bytes]", parent: int, child_ended: int) -> None:
    """Return when the child has ended; pass the parent's orders on, end the child when the parent is gone."""
    while child.poll() is None:
        ready, _, _ = select.select([0, child_ended], [], [], LOOK_AT_PARENT_EVERY_S)
        if child_ended in ready:
            os.read(child_ended, 64)
        order = os.read(0, 1) if 0 in ready else None
        if order == b"s":
            child.terminate()
        elif order == b"k":
            child.kill()
        elif order == b"" or os.getppid() != parent:
            end(child)


def end(child: "subprocess.Popen[bytes]") -> None:
    """Stop the child politely, then not."""
    child.terminate()
    try:
        child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def main(parent: int, temporary: str, command: "list[str]") -> int:
    """Run the command; remove the temporary directory (empty: none) if the parent cannot do it any more."""
    child_ended, wake = os.pipe()
    os.set_blocking(wake, False)  # noqa: FBT003  (the standard library's signature)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    print(child.pid, flush=True)
    watch(child, parent, child_ended)
    if temporary and os.getppid() != parent:
        shutil.rmtree(temporary, ignore_errors=True)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
