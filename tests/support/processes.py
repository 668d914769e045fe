"""Waiting for what other processes do, with a deadline instead of a sleep that hopes."""

import os
import time
from collections.abc import Callable
from pathlib import Path

#: Seconds until a wait has failed: nothing passes later for it, and on a busy machine everything takes its time.
LIMIT_S = 90.0
#: Seconds between two looks of a wait: a tenth of the wait so far, within these bounds. A look at another process, or
#: at a broker, takes their processor time too.
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.1


def eventually(condition: Callable[[], bool], limit_s: float = LIMIT_S) -> bool:
    """Whether the condition became true before the limit."""
    begin = time.monotonic()
    while not condition():
        waited = time.monotonic() - begin
        if waited > limit_s:
            return False
        _pause(waited)
    return True


def reached(measure: Callable[[], int], goal: int) -> bool:
    """Whether a measure came to its goal; the wait has failed when the measure has not risen for `LIMIT_S`."""
    begin = time.monotonic()
    highest, risen_at = measure(), begin
    while highest < goal:
        if time.monotonic() > risen_at + LIMIT_S:
            return False
        _pause(time.monotonic() - begin)
        if (value := measure()) > highest:
            highest, risen_at = value, time.monotonic()
    return True


def _pause(waited: float) -> None:
    time.sleep(min(max(SHORTEST_PAUSE_S, waited / 10), LONGEST_PAUSE_S))


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs; one that has ended and waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def marked_processes(mark: str) -> list[str]:
    """The command lines of the running processes that have inherited a text in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes() and is_alive(int(folder.name)):
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError, PermissionError):  # it has ended meanwhile, or is not ours
            continue
    return found
