"""What a state remembers of spans that were exported: enough to know a second delivery from a late event."""

from tasker_consumers.telemetry.core.context import SpanContext
from tasker_consumers.telemetry.core.event import FAILED
from tasker_consumers.telemetry.core.fold import COMPLETE, digest, latest_task_fact
from tasker_consumers.telemetry.core.state import Attempt, Group, TaskState
from tasker_consumers.telemetry.spans.task_span import loose_groups


def task_ended(state: TaskState) -> bool:
    """Return whether the task has an end that its span was not yet exported with."""
    latest = latest_task_fact(state.head)
    return latest is not None and latest[1] >= FAILED and state.head.get("told") != list(latest)


def note_attempt(state: TaskState, attempt: Attempt, span_id: str, rank: int) -> None:
    """Note that an attempt's span was exported when it had come so far; if it can go no further, digests are left."""
    facts = attempt["facts"]
    attempt["span_id"] = span_id
    attempt["rank"] = rank
    attempt["told"] = [digest(event_id) for event_id in facts]
    if rank >= COMPLETE:
        attempt["facts"] = {}
        groups = state.bucket(span_id)["groups"]
        if groups and span_id in groups:
            _note_group(state.change(span_id)["groups"][span_id])


def note_task(state: TaskState, context: SpanContext) -> None:
    """Note that a task's span was exported with the end that is known now."""
    latest = latest_task_fact(state.head)
    assert latest is not None, "only a task with an end is exported"
    state.head["told"] = list(latest)
    if latest[1] >= COMPLETE:
        for span_id in loose_groups(state, context):
            _note_group(state.change(span_id)["groups"][span_id])


def _note_group(group: Group) -> None:
    group["told"] += [digest(event_id) for event_id in group["facts"]]
    group["facts"] = {}
