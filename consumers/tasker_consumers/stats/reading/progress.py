"""How far a task is, and when it will be done if it goes on like this."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tasker_schemas.names import State

_SECOND = 1_000_000
#: Where tasks stand that are not over.
OPEN = (State.PENDING, State.IN_PROGRESS, State.ABANDONED, State.UNKNOWN)


class Progress(NamedTuple):
    """A task's steps so far."""

    ended: int
    total: int
    failed: int
    rate: float | None  # steps per second since the task began
    left_s: float | None  # seconds until the rest is done at this rate
    over: bool


def progress_of(stats: Mapping[str, Any], now: int) -> Progress:
    """Return the progress that a task's statistics show at `now`, in microseconds.

    What is over has nothing left; a rate is unknown until a step has ended.
    """
    over = stats["status"] not in OPEN
    ended = stats["total_steps"] - stats["pending_steps"]
    until = stats["completed_at"] if over else now
    rate = None
    if ended and stats["started_at"] is not None and until is not None and until > stats["started_at"]:
        rate = ended / ((until - stats["started_at"]) / _SECOND)
    left = 0.0 if over else stats["pending_steps"] / rate if rate else None
    return Progress(ended, stats["total_steps"], stats["failed_steps"], rate, left, over)
