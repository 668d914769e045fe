"""Fill the fields that Tasker's own builders fill when a service does not give them."""

from collections.abc import Callable, Mapping
from typing import Any

from tasker_producer.record.fields import MAX_ITEMS
from tasker_producer.record.moments import micros
from tasker_schemas.names import StepEvents, TaskEvents, WorkflowEvents

Fields = dict[str, Any]

# An event that asks for something to begin, called `started`, also begins it.
_BEGINNINGS: Mapping[str, str] = {
    StepEvents.INITIALIZE_REQUESTED: StepEvents.HANDLE,
    StepEvents.EXECUTION_REQUESTED: StepEvents.HANDLE,
    TaskEvents.INITIALIZE_REQUESTED: TaskEvents.START_REQUESTED,
}


def with_defaults(name: str, fields: Fields, *, presume: bool = True) -> Fields:
    """Return the fields of an event, completed by those that follow from them and that Tasker presumes.

    >>> with_defaults("workflow.viable_steps_discovered", {"step_ids": ["a", "b"]})
    {'processing_mode': 'concurrent', 'step_count': 2, 'step_ids': ['a', 'b']}
    >>> with_defaults("step.retry_requested", {"step_id": "a"}, presume=False)
    {'step_id': 'a'}
    """
    complete, presumed = _DERIVED.get(name), _PRESUMED.get(name) if presume else None
    if complete is None and presumed is None:
        return fields
    try:
        derived = fields if complete is None else complete(fields)
        return derived if presumed is None else {**presumed, **_present(derived)}
    except Exception:  # noqa: BLE001  a value's own code runs here; its field's converter reports it
        return fields


def beginning_of(name: str, event_type: Any) -> str | None:
    """Return the event that begins an attempt or task for a request published with `event_type="started"`.

    >>> beginning_of("step.execution_requested", "started"), beginning_of("step.execution_requested", None)
    ('step.handle', None)
    """
    if event_type is None or name not in _BEGINNINGS:
        return None
    try:
        is_start = str(getattr(event_type, "value", event_type)) == "started"
    except Exception:  # noqa: BLE001  the value's own code runs here
        return None
    return str(_BEGINNINGS[name]) if is_start else None


def _with_duration(fields: Fields) -> Fields:
    started, completed = fields.get("started_at"), fields.get("completed_at")
    if fields.get("execution_duration") is not None or started is None or completed is None:
        return fields
    seconds = (micros(completed) - micros(started)) / 1_000_000
    return {**fields, "execution_duration": seconds} if seconds >= 0 else fields  # else the clock was set


def _with_step_count(fields: Fields) -> Fields:
    step_ids: Any = fields.get("step_ids")
    is_counted = isinstance(step_ids, (list, tuple)) and len(step_ids) <= MAX_ITEMS
    return {"step_count": len(step_ids), **_present(fields)} if is_counted else fields


def _present(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


_DERIVED: Mapping[str, Callable[[Fields], Fields]] = {
    StepEvents.COMPLETED: _with_duration,
    StepEvents.FAILED: _with_duration,
    WorkflowEvents.VIABLE_STEPS_DISCOVERED: _with_step_count,
}

_PRESUMED: Mapping[str, Fields] = {
    StepEvents.RETRY_REQUESTED: {"retry_reason": "Step execution failed", "backoff_strategy": "exponential"},
    WorkflowEvents.VIABLE_STEPS_DISCOVERED: {"processing_mode": "concurrent"},
}
