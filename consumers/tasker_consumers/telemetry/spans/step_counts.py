"""How many steps of a task ended, and how: for tasks whose producers could not count them.

A task that goes through several processes has none that saw all of its steps; the fold has.
"""

from typing import NamedTuple

from tasker_consumers.telemetry.core.event import COMPLETE, FAILED
from tasker_consumers.telemetry.core.facts import Fact
from tasker_consumers.telemetry.core.head import Head
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.spans.span import Attributes
from tasker_consumers.telemetry.spans.views.task_view import TaskView
from tasker_consumers.telemetry.spans.views.timeline import Timeline, timeline_of
from tasker_schemas.event_table import COUNTERS


class StepCounts(NamedTuple):
    """Steps of which events came, each counted once, by the state of its last attempt."""

    total: int
    ended: int
    completed: int
    failed: int


def step_counts(state: TaskState) -> StepCounts:
    """Count the steps of a task as far as they are known; reads all of its buckets."""
    ranks = []
    for bucket in state.buckets():
        for attempts in bucket.steps.values():
            numbers = [number for number, attempt in attempts.items() if attempt.rank >= 0]
            if numbers:  # else there are only annotations of it
                ranks.append(attempts[max(numbers)].rank)
    return StepCounts(
        total=len(ranks),
        ended=sum(rank >= FAILED for rank in ranks),
        completed=sum(rank >= COMPLETE for rank in ranks),
        failed=ranks.count(FAILED),
    )


def counters(view: TaskView, timeline: Timeline) -> Attributes:
    """Return the counters of a task: those that its end tells, and for the others the steps that were counted."""
    fields = timeline.fields
    announced: Attributes = {name: fields[name] for name in COUNTERS if name in fields}
    end = _counting_end(view.state.head, view.end)
    if end is None:
        return announced
    of_end: Attributes = {name: end.fields[name] for name in COUNTERS if name in end.fields}
    if of_end.keys() >= {"completed_steps", "failed_steps"}:
        return announced | of_end
    counts = step_counts(view.state)
    counted: Attributes = {"completed_steps": counts.completed, "failed_steps": counts.failed}
    # The counters of an earlier end, before a retry, do not hold any more; the announced number of steps does.
    return {"total_steps": announced.get("total_steps", counts.total), **counted, **of_end}


def misses_steps(state: TaskState) -> bool:
    """Return whether a task is complete, and the ends of all of its announced steps are not yet known."""
    head = state.head
    status = head.status
    if status is None or status.rank != COMPLETE:
        return False
    end = _counting_end(head, head.facts[status.event_id])
    if end is None or "completed_steps" in end.fields:
        return False
    announced: int = timeline_of(head.facts).fields.get("total_steps", 0)
    return announced > 0 and announced > step_counts(state).ended


def _counting_end(head: Head, end: Fact | None) -> Fact | None:
    """Return the event that ended a task; None while it runs, and when the steps before it were forgotten."""
    return end if head.exported_start is None else None
