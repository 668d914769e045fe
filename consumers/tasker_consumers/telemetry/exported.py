"""The traces that exported spans leave in a state: enough to tell a second delivery from a late event."""

from tasker_consumers.telemetry.core.event import COMPLETE, FAILED
from tasker_consumers.telemetry.core.facts import digest
from tasker_consumers.telemetry.core.head import Attempt, Group
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.spans.views.annotated import loose_groups
from tasker_consumers.telemetry.spans.views.task_view import TaskView


def task_ended(state: TaskState) -> bool:
    """Return whether the task has an end that its span was not yet exported with."""
    status = state.head.status
    return status is not None and status.rank >= FAILED and state.head.exported_end != status


def note_attempt(state: TaskState, attempt: Attempt, span_id: str) -> None:
    """Note that an attempt's span was exported as it is; if the attempt can go no further, digests are left."""
    attempt.span_id = span_id
    attempt.exported_rank = attempt.rank
    attempt.exported_digests.update([digest(event_id) for event_id in attempt.facts])
    if attempt.rank >= COMPLETE:
        attempt.facts, attempt.size = {}, 0
        if span_id in state.bucket(span_id).groups:
            _note_group(state.group(span_id))


def note_task(view: TaskView) -> None:
    """Note that a task's span was exported with the end that is known now."""
    state = view.state
    state.head.exported_end = state.head.status
    if view.rank >= COMPLETE:
        for span_id in loose_groups(state, view.context):
            _note_group(state.group(span_id))


def _note_group(group: Group) -> None:
    group.exported_digests.update([digest(event_id) for event_id in group.facts])
    group.facts, group.size = {}, 0
