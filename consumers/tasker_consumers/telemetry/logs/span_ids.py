"""The ids of the span that an event belongs to, known before that span ends."""

from typing import NamedTuple

from tasker_consumers.telemetry.core.context import attempt_context, task_context
from tasker_consumers.telemetry.core.facts import AttemptKey, Fact
from tasker_consumers.telemetry.core.head import Attempt
from tasker_consumers.telemetry.core.state import TaskState


class SpanIds(NamedTuple):
    """Trace and span of an event, with the flags of that context; empty ids for an event of no trace."""

    trace_id: str
    span_id: str
    flags: int


def span_ids_of(state: TaskState, key: AttemptKey | None, fact: Fact) -> SpanIds:
    """Return the ids of a fact's span: that of its attempt, of the context that it carries, else that of the task."""
    carried = fact.carried
    if not state.head.task_id:  # outside of any task
        return SpanIds("", "", 0) if carried is None else SpanIds(carried.trace_id, carried.span_id, carried.flags)
    task = task_context(state.head)
    if key is not None:
        context = attempt_context(state, task, key, state.find_attempt(key) or Attempt())
        return SpanIds(context.trace_id, context.span_id, context.flags)
    is_inside = carried is not None and carried.trace_id == task.trace_id
    return SpanIds(task.trace_id, carried.span_id if carried and is_inside else task.span_id, task.flags)
