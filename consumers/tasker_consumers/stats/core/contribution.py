"""The contribution of a task, or of a step, to the minute and the hour in which it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State

#: Statuses of tasks and steps that are over, by rank.
OUTCOMES: Mapping[int, State] = {
    RANK[state]: state for state in (State.COMPLETE, State.ERROR, State.CANCELLED, State.RESOLVED_MANUALLY)
}
#: The lowest of these ranks.
FIRST_OUTCOME = min(OUTCOMES)

_SECOND = 1_000_000


@dataclass(frozen=True)
class Contribution:
    """One ended task or step, as it is added to a window; times in microseconds."""

    name: str
    ended_at: int
    rank: int
    retries: int
    duration: int | None


def contribution_of_stats(stats: dict[str, Any]) -> Contribution | None:
    """Return the contribution of a task with these statistics; None until the task is over."""
    ended_at, duration_s = stats["completed_at"], stats["duration_s"]
    rank = RANK.get(stats["status"], -1)
    if ended_at is None or rank < FIRST_OUTCOME:
        return None
    duration = None if duration_s is None else round(duration_s * _SECOND)
    return Contribution(stats["task_name"] or "", ended_at, rank, stats["retries"], duration)
