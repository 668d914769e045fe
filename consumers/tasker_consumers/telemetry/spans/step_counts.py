"""How many steps of a task ended, and how: for tasks whose producers could not count them.

A task that goes through several processes has none that saw all of its steps; the fold has.
"""

from typing import NamedTuple

from tasker_consumers.telemetry.core.event import FAILED
from tasker_consumers.telemetry.core.fold import COMPLETE, latest_task_fact
from tasker_consumers.telemetry.core.state import Fact, Head, TaskState
from tasker_consumers.telemetry.spans.attempt_span import furthest
from tasker_consumers.telemetry.spans.span import Attributes
from tasker_consumers.telemetry.spans.timeline import Story, story_of
from tasker_schemas.catalogue import RANK_AFTER

COUNTERS = ("total_steps", "completed_steps", "failed_steps", "pending_steps")


class StepCounts(NamedTuple):
    """Steps that were seen, each counted once, by the state of its last attempt."""

    seen: int
    ended: int
    completed: int
    failed: int


def step_counts(state: TaskState) -> StepCounts:
    """Count the steps of a task as far as they are known; reads all of its buckets."""
    ranks = []
    for bucket in state.buckets():
        for attempts in bucket["steps"].values():
            known = [(int(number), rank) for number, one in attempts.items() if (rank := furthest(one)) >= 0]
            if known:  # else there are only remarks about it
                ranks.append(max(known)[1])
    return StepCounts(
        seen=len(ranks),
        ended=sum(rank >= FAILED for rank in ranks),
        completed=sum(rank >= COMPLETE for rank in ranks),
        failed=ranks.count(FAILED),
    )


def counters(state: TaskState, story: Story) -> Attributes:
    """Return the counters of a task: those that its end tells, and for the others what was seen of its steps."""
    told: Attributes = {name: story.fields[name] for name in COUNTERS if name in story.fields}
    end = _end(state.head)
    if end is None:
        return told
    own: Attributes = {name: end[name] for name in COUNTERS if name in end}
    if own.keys() >= {"completed_steps", "failed_steps"}:
        return told | own
    counts = step_counts(state)
    seen: Attributes = {"completed_steps": counts.completed, "failed_steps": counts.failed}
    # What an earlier end told, before a retry, does not hold any more; the announced number of steps does.
    return {"total_steps": told.get("total_steps", counts.seen), **seen, **own}


def misses_steps(state: TaskState) -> bool:
    """Return whether a task is complete, and nobody has told yet how all of its announced steps ended."""
    end = _end(state.head)
    if end is None or RANK_AFTER[end["event_name"]] != COMPLETE or "completed_steps" in end:
        return False
    announced: int = story_of(state.head["facts"]).fields.get("total_steps", 0)
    return announced > 0 and announced > step_counts(state).ended


def _end(head: Head) -> Fact | None:
    """Return the event that ended a task; None while it runs, and when what came before was forgotten."""
    latest = latest_task_fact(head)
    return head["facts"][latest[2]] if latest is not None and latest[1] >= FAILED and "begun" not in head else None
