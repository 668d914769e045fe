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


def with_defaults(name: str, fields: Fields) -> Fields:
    """Return the fields of an event, completed by those that follow from them or that Tasker presumes.

    >>> with_defaults("workflow.viable_steps_discovered", {"step_ids": ["a", "b"]})
    {'step_count': 2, 'processing_mode': 'concurrent', 'step_ids': ['a', 'b']}
    """
    complete = _DEFAULTS.get(name)
    if complete is None:
        return fields
    try:
        return complete(fields)
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


def _with_retry_words(fields: Fields) -> Fields:
    present = {name: value for name, value in fields.items() if value is not None}
    return {"retry_reason": "Step execution failed", "backoff_strategy": "exponential", **present}


def _with_step_count(fields: Fields) -> Fields:
    present = {name: value for name, value in fields.items() if value is not None}
    step_ids = present.get("step_ids")
    count = len(step_ids) if isinstance(step_ids, (list, tuple)) and len(step_ids) <= MAX_ITEMS else None
    return {"step_count": count, "processing_mode": "concurrent", **present}


_DEFAULTS: Mapping[str, Callable[[Fields], Fields]] = {
    StepEvents.COMPLETED: _with_duration,
    StepEvents.FAILED: _with_duration,
    StepEvents.RETRY_REQUESTED: _with_retry_words,
    WorkflowEvents.VIABLE_STEPS_DISCOVERED: _with_step_count,
}
