"""A view of a task, made once for all of its spans."""

from dataclasses import dataclass

from tasker_consumers.telemetry.core.context import SpanContext, task_context
from tasker_consumers.telemetry.core.event import FAILED
from tasker_consumers.telemetry.core.facts import NO_STATE, Fact
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.spans.views.interval import Interval, task_interval


@dataclass
class TaskView:
    """A task as it is now: how far it came, its context, and when it lasted."""

    state: TaskState
    rank: int  # from FAILED on the task has ended; NO_STATE when none of its own events came yet
    end: Fact | None  # the event that ended it; None while it runs
    context: SpanContext
    interval: Interval

    def leaves_out(self, interval: Interval) -> bool:
        """Return whether a span lies before the task's known start or after its known end."""
        if self.state.head.start is not None and interval.start < self.interval.start:
            return True
        return self.end is not None and interval.end > self.interval.end


def view_of(state: TaskState) -> TaskView:
    """Return the view of a task."""
    head = state.head
    status = head.status
    rank = NO_STATE if status is None else status.rank
    end = None if status is None or rank < FAILED else head.facts[status.event_id]
    return TaskView(state, rank, end, task_context(head), task_interval(head).within_time())
