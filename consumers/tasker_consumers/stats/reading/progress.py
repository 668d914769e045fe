"""The progress of a task, and the time that its remaining steps take at the present rate."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tasker_schemas.names import State

_SECOND = 1_000_000
#: Statuses of tasks that are not over.
OPEN = (State.PENDING, State.IN_PROGRESS, State.ABANDONED, State.UNKNOWN)


class Progress(NamedTuple):
    """The steps of a task that have ended so far."""

    ended: int
    total: int
    failed: int
    rate: float | None  # steps per second since the task began
    remaining_s: float | None  # seconds until all steps have ended at this rate
    over: bool


def progress_of(stats: Mapping[str, Any], wall_time: int) -> Progress:
    """Return the progress that a task's statistics show at `wall_time`, in microseconds.

    A task that is over has 0 seconds remaining; a rate is unknown until a step has ended.
    """
    over = stats["status"] not in OPEN
    ended = stats["total_steps"] - stats["pending_steps"]
    until = stats["completed_at"] if over else wall_time
    rate = None
    if ended and stats["started_at"] is not None and until is not None and until > stats["started_at"]:
        rate = ended / ((until - stats["started_at"]) / _SECOND)
    remaining_s = 0.0 if over else stats["pending_steps"] / rate if rate else None
    return Progress(ended, stats["total_steps"], stats["failed_steps"], rate, remaining_s, over)
