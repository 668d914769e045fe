"""A task or a step in whatever form the service has it, as fields of an event.

A mapping, an object with attributes, or nothing at all (the caller gives fields by keyword). A service's own names are
understood where Tasker uses them: `id`, `name`, `attempts`, `inputs`, `results`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tasker_schemas.errors import UsageError
from tasker_schemas.names import StepEvents, TaskEvents

_COUNTERS = ("started_at", "completed_at", "total_steps", "completed_steps", "failed_steps", "pending_steps")

# field -> names under which a subject may have it, the first found holds
_TASK_NAMES = {"task_id": ("task_id", "id"), "task_name": ("task_name", "name"), "correlation_id": ("correlation_id",)}
_STEP_NAMES = {
    "step_id": ("step_id", "workflow_step_id", "id"),
    "step_name": ("step_name", "name"),
    "attempt_number": ("attempt_number", "attempts"),
    "retry_limit": ("retry_limit",),
    "depends_on": ("depends_on",),
}
_OF_A_STEPS_TASK = {"task_id": ("task_id",), "task_name": ("task_name",), "correlation_id": ("correlation_id",)}
_OF_EVENT: Mapping[str, tuple[str, ...]] = {
    TaskEvents.INITIALIZE_REQUESTED: ("context", "total_steps"),
    TaskEvents.START_REQUESTED: ("context", "started_at"),
    TaskEvents.COMPLETED: _COUNTERS,
    TaskEvents.FAILED: _COUNTERS,
    StepEvents.EXECUTION_REQUESTED: ("step_inputs",),
    StepEvents.HANDLE: ("started_at",),
    StepEvents.COMPLETED: ("started_at", "completed_at", "execution_duration", "step_results"),
    StepEvents.FAILED: ("started_at", "completed_at", "execution_duration", "step_results"),
}
_ALSO_CALLED = {"step_inputs": ("step_inputs", "inputs"), "step_results": ("step_results", "results")}


def task_fields(event_name: str, task: Any) -> dict[str, Any]:
    """Return what a task, in any form, says about itself in this event.

    >>> task_fields("task.cancelled", {"id": 42, "name": "order_processing", "owner": "ada"})
    {'task_id': 42, 'task_name': 'order_processing'}
    """
    return {} if task is None else _read(_getter(task), {**_TASK_NAMES, **_extra(event_name)})


def step_fields(event_name: str, step: Any, task: Any = None) -> dict[str, Any]:
    """Return what a step and its task, in any form, say about themselves in this event.

    >>> step_fields("step.handle", {"id": "s1", "name": "fetch_cart", "attempts": 1}, {"id": 42})
    {'step_id': 's1', 'step_name': 'fetch_cart', 'attempt_number': 1, 'task_id': 42}
    """
    if step is None:
        return _read(_getter(task), _TASK_NAMES) if task is not None else {}
    get = _getter(step)
    found = _read(get, {**_STEP_NAMES, **_extra(event_name)})
    _count_attempt(event_name, found)
    found.update(_read(get, _OF_A_STEPS_TASK))
    owner = task if task is not None else get("task")
    if owner is not None:
        found.update(_read(_getter(owner), _TASK_NAMES))
    return found


def _count_attempt(event_name: str, found: dict[str, Any]) -> None:
    """Tell the attempt that the event is about from the attempts that a step says it has made."""
    made = found.get("attempt_number")
    if made == 0:
        found["attempt_number"] = 1
    elif event_name == StepEvents.RETRY_REQUESTED and type(made) is int:
        found["previous_attempts"] = made
        found["attempt_number"] = made + 1


def _extra(event_name: str) -> dict[str, tuple[str, ...]]:
    return {field: _ALSO_CALLED.get(field, (field,)) for field in _OF_EVENT.get(event_name, ())}


def _getter(subject: Any) -> Callable[[str], Any]:
    kind = type(subject).__name__
    try:
        if isinstance(subject, Mapping):
            return subject.get
    except Exception as error:  # an object may lie about its class, and may fail at it
        raise UsageError(f"a task or step cannot be read: {kind} raised {type(error).__name__}") from error
    if isinstance(subject, (str, bytes, int, float, list, tuple, set)):
        raise UsageError(f"a task or step is a mapping or an object with attributes, not {kind}; give ids by keyword")
    return lambda name: getattr(subject, name, None)


def _read(get: Callable[[str], Any], names: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    found = {}
    for field, candidates in names.items():
        for name in candidates:
            try:
                value = get(name)
            except Exception as error:
                raise UsageError(f"{field} cannot be read: {name} raised {type(error).__name__}") from error
            if value is not None and not callable(value):
                found[field] = value
                break
    return found


def observed_fields(task: Any, fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is told about a task and, with `step=…`, about a step of it; and the options of the publish call.

    >>> observed_fields({"id": 42}, {"reason": "empty", "timestamp": 5})
    ({'task_id': 42, 'reason': 'empty'}, {'timestamp': 5})
    """
    options = {name: value for name, value in fields.items() if name in _OPTIONS}
    told = {name: value for name, value in fields.items() if name not in _OPTIONS and name != "step"}
    step = fields.get("step")
    about = task_fields("", task) if step is None else _without_details(step_fields("", step, task))
    return {**about, **told}, options


_OPTIONS = frozenset({"timestamp", "event_id", "trace", "additional_context"})
_OF_A_STEP_ELSEWHERE = frozenset({"task_id", "task_name", "correlation_id", "step_id", "step_name"})


def _without_details(found: dict[str, Any]) -> dict[str, Any]:
    """Keep what an event that is not a step's own can carry about it."""
    return {name: value for name, value in found.items() if name in _OF_A_STEP_ELSEWHERE}
