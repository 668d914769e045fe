"""The statistics of a task, derived from its state: the record `TaskStats`."""

from collections.abc import Mapping
from typing import Any

from tasker_consumers.stats.core.contribution import Contribution
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.steps import MAX_DURATION
from tasker_consumers.stats.core.summary import Summary
from tasker_consumers.waits import Wait, waits_that_hold
from tasker_schemas.catalogue import RANK
from tasker_schemas.identity import trace_id_of
from tasker_schemas.names import State

_STATE_OF_RANK: Mapping[int, State] = {rank: state for state, rank in RANK.items()}
_ERROR = RANK[State.ERROR]
_NOT_WAITING: dict[str, Any] = dict.fromkeys(("waiting_for", "waiting_since", "waiting_until", "waiting_step"))
_MAX_INT = 2**31 - 1  # largest `int` of Avro; sums of damaged attempt numbers are cut to this

#: Longest critical path that is listed, in bytes of step ids: a record has to fit into its topic.
PATH_BYTES = 500_000


def derive_stats(state: TaskState) -> dict[str, Any]:
    """Return a task's statistics: exactly the fields of `TaskStats`; times in microseconds, `*_s` in seconds.

    Unknown values are None; no duration is negative.
    """
    steps = state.steps.total()
    known_events = len(state.events) + steps.events
    created_at = state.queued_at if state.created_at is None else state.created_at
    started_at = _started_at(state)
    status_event = state.status_event
    completed_at = status_event.ended_at if status_event is not None and status_event.terminal else None
    duration_s = _seconds_between(started_at, completed_at)
    path, path_s = _critical_path(state, steps)
    abandoned = is_abandoned(state, known_events)
    return {
        "task_id": state.task_id,
        "task_name": state.name,
        "status": State.ABANDONED if abandoned else _status(state, steps),
        "trace_id": trace_id_of(state.task_id) if state.carrier is None else state.carrier.trace_id,
        "created_at": created_at,
        "started_at": started_at,
        "completed_at": completed_at,
        "last_event_at": state.last_event_at,
        "queue_time_s": _seconds_between(created_at, started_at),
        "duration_s": duration_s,
        **_step_fields(steps, max(state.announced, steps.steps), duration_s),
        "critical_path": path,
        "critical_path_s": path_s,
        "first_error": _first_error(state),
        # The record of an abandoned task comes after the record before the mark, and before the next event's record.
        "revision": 2 * known_events + abandoned,
        **_waiting_fields(state),
    }


def waits_of(state: TaskState) -> list[Wait]:
    """Return the waits of a task and of its steps that hold; a task that is over has none."""
    if not state.signs or is_terminal(state):
        return []
    return waits_that_hold(state.signs, state.last_event_at or 0, state.steps.last_attempt)


def _waiting_fields(state: TaskState) -> dict[str, Any]:
    """Return the fields of the wait that has lasted longest."""
    waits = waits_of(state)
    if not waits:
        return _NOT_WAITING
    sign, step_id = min(waits)
    return {
        "waiting_for": sign.reason,
        "waiting_since": sign.timestamp,
        "waiting_until": sign.until or None,
        "waiting_step": step_id or None,
    }


def _step_fields(steps: Summary, total: int, duration_s: float | None) -> dict[str, Any]:
    """Return the fields of all steps together; `duration_s` is that of the task."""
    step_time_s = steps.work / 1e6
    return {
        "total_steps": total,
        "completed_steps": steps.completed,
        "failed_steps": steps.failed,
        "cancelled_steps": steps.cancelled,
        "pending_steps": total - steps.completed - steps.failed - steps.cancelled,
        "attempts": min(steps.attempts, _MAX_INT),
        "retries": min(steps.retries, _MAX_INT),
        "step_time_s": step_time_s,
        "parallelism": step_time_s / duration_s if duration_s else None,
        "longest_step": steps.longest,
        "longest_step_s": None if steps.longest_time is None else steps.longest_time / 1e6,
    }


def status_of(state: TaskState) -> State:
    """Return the status of a task, as in its statistics, without deriving the other fields."""
    steps = state.steps.total()
    abandoned = is_abandoned(state, len(state.events) + steps.events)
    return State.ABANDONED if abandoned else _status(state, steps)


def contribution_of_state(state: TaskState) -> Contribution | None:
    """Return the contribution of a task: equal to `contribution_of_stats(derive_stats(state))`, and cheaper."""
    status_event = state.status_event
    if status_event is None or not status_event.terminal:
        return None
    retries = min(state.steps.total().retries, _MAX_INT)
    duration = _time_between(_started_at(state), status_event.ended_at)
    return Contribution(state.name or "", status_event.ended_at, status_event.rank, retries, duration)


def is_terminal(state: TaskState) -> bool:
    """Return whether the task is over, as far as known."""
    return state.status_event is not None and state.status_event.terminal


def is_settled(state: TaskState) -> bool:
    """Return whether a task is complete, cancelled or resolved, and all its steps have ended."""
    status_event = state.status_event
    if status_event is None or status_event.rank <= _ERROR:
        return False
    steps = state.steps.total()
    return steps.completed + steps.failed + steps.cancelled >= max(state.announced, steps.steps)


def is_abandoned(state: TaskState, known_events: int) -> bool:
    """Return whether a task that is not over was marked abandoned, and no event came since."""
    return state.abandoned_after == known_events and not is_terminal(state)


def _started_at(state: TaskState) -> int | None:
    for time in (state.started_at, state.start_requested_at, state.handled_at):
        if time is not None:
            return time
    return None


def _status(state: TaskState, steps: Summary) -> State:
    if state.status_event is not None:
        return _STATE_OF_RANK[state.status_event.rank]
    # No task event has come yet, only events of steps.
    return State.IN_PROGRESS if steps.attempts else State.PENDING


def _critical_path(state: TaskState, steps: Summary) -> tuple[list[str] | None, float | None]:
    """Return the critical path of a task that is over, and its seconds."""
    if not steps.ordered or not is_terminal(state):
        return None, None
    if state.steps.spread and _steps_are_still_coming(state, steps):
        return None, None  # a walk through thousands of steps for each of their events would be quadratic
    path = state.steps.path()
    if path is None:
        return None, None
    return _cut(path.steps), path.time / 1e6


def _cut(steps: list[str]) -> list[str]:
    """Return the steps that fit into a record, then the number of those that do not."""
    size = 0
    for index, step_id in enumerate(steps):
        size += len(step_id.encode())
        if size > PATH_BYTES:
            return [*steps[:index], f"… and {len(steps) - index} more"]
    return steps


def _steps_are_still_coming(state: TaskState, steps: Summary) -> bool:
    """Return whether a complete task has steps that have not ended: the step topic is behind the task topic."""
    ended = steps.completed + steps.failed + steps.cancelled
    return _status(state, steps) is State.COMPLETE and ended < max(state.announced, steps.steps)


def _time_between(start: int | None, end: int | None) -> int | None:
    if start is None or end is None:
        return None
    return min(max(0, end - start), MAX_DURATION)


def _seconds_between(start: int | None, end: int | None) -> float | None:
    time = _time_between(start, end)
    return None if time is None else time / 1e6


def _first_error(state: TaskState) -> dict[str, Any] | None:
    error = state.first_error
    if error is None:
        return None
    return {
        "error_class": error.error_class or None,
        "error_message": error.message or None,
        "step_id": None if error.of_task else error.step_id,
        "attempt_number": None if error.of_task else error.attempt,
    }
