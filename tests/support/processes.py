"""Waiting for what other processes do, with a deadline instead of a sleep that hopes."""

import os
import time
from collections.abc import Callable
from pathlib import Path

#: Seconds until a wait has failed: nothing passes later for it, and on a busy machine everything takes its time.
LIMIT_S = 90.0


def eventually(condition: Callable[[], bool], limit_s: float = LIMIT_S) -> bool:
    """Whether the condition became true before the limit."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def reached(measure: Callable[[], int], goal: int) -> bool:
    """Whether a measure came to its goal; the wait has failed when the measure has not risen for `LIMIT_S`."""
    highest, risen_at = measure(), time.monotonic()
    while highest < goal:
        if time.monotonic() > risen_at + LIMIT_S:
            return False
        time.sleep(0.02)
        if (value := measure()) > highest:
            highest, risen_at = value, time.monotonic()
    return True


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs; one that has ended and waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
