"""The shrinking of a task that is over, to the part that recognizes stragglers."""

from tasker_consumers.telemetry.core.context import freeze
from tasker_consumers.telemetry.core.event import FAILED
from tasker_consumers.telemetry.core.head import Annotated, Closed
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.spans.views.task_view import view_of


def close(state: TaskState) -> None:
    """Drop the facts of a task that is over; the rest recognizes stragglers, and goes on with a failed task's retry."""
    head, view = state.head, view_of(state)
    end = head.last if head.status is None else max(head.status.timestamp, head.last)
    # A task that merely fell silent is like a failed one: any later event shows that it goes on.
    rank = max(view.rank, FAILED)
    head.closed = Closed(end=end, rank=rank)
    freeze(head, view.context)
    head.exported_start = view.interval.start
    head.facts, head.annotations, head.status = {}, Annotated(), None
    head.first_step_start, head.signs = None, {}
    head.step_source, head.pending_export, head.awaiting_steps = None, {}, False
    if rank > FAILED:  # it can never go on: its context is not asked for again
        head.source = head.exported_ids = head.exported_end = None
    state.forget_steps()
