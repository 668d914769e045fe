"""Read a task or a step, in whatever form the service has it, as fields of an event.

The form is a mapping or an object with attributes. A service's own names are understood where Tasker uses them: `id`,
`name`, `attempts`, `inputs`, `results`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tasker_producer.record.misuse import Misuse
from tasker_schemas.catalogue import CATALOGUE
from tasker_schemas.errors import UsageError
from tasker_schemas.event_table import COUNTERS, ERROR, TIMES
from tasker_schemas.names import Family, StepEvents

# What a task or step can be asked for, of the fields that the table of events has its events carry.
_READABLE = {
    Family.TASK: frozenset({"context", *TIMES[:2], *COUNTERS, *ERROR[:3]}),
    Family.STEP: frozenset({"step_inputs", "step_results", *TIMES, *ERROR[:3]}),
}
# field -> names under which a task or step may have it; the first that is present holds
_TASK_NAMES = {"task_id": ("task_id", "id"), "task_name": ("task_name", "name"), "correlation_id": ("correlation_id",)}
_STEP_NAMES = {
    "step_id": ("step_id", "workflow_step_id", "id"),
    "step_name": ("step_name", "name"),
    "attempt_number": ("attempt_number", "attempts"),
    "retry_limit": ("retry_limit",),
    "depends_on": ("depends_on",),
}
_NAMES_IN_STEP_OF_TASK = {
    "task_id": ("task_id",),
    "task_name": ("task_name",),
    "correlation_id": ("correlation_id",),
}
_FIELD_ALIASES = {"step_inputs": ("step_inputs", "inputs"), "step_results": ("step_results", "results")}
_STEP_FIELDS_ELSEWHERE = frozenset({"task_id", "task_name", "correlation_id", "step_id", "step_name"})
_ATTEMPT_FIELDS_ELSEWHERE = _STEP_FIELDS_ELSEWHERE | {"attempt_number"}
# Events beside the states that are about an attempt of a step, not about the step as a whole.
_ABOUT_ATTEMPTS = frozenset(
    spec.name for spec in CATALOGUE.values() if {"step_id", "attempt_number"} <= {*spec.carries}
)


class EntityReader:
    """Reads tasks and steps; a part that cannot be read is reported to `misuse` and left out."""

    def __init__(self, misuse: Misuse) -> None:
        self._misuse = misuse

    def task_fields(self, event_name: str, task: Any) -> dict[str, Any]:
        """Return the fields of an event that a task, in any form, fills.

        >>> reader = EntityReader(Misuse(strict=True))
        >>> reader.task_fields("task.cancelled", {"id": 42, "name": "order_processing", "owner": "ada"})
        {'task_id': 42, 'task_name': 'order_processing'}
        """
        return {} if task is None else self._read(task, {**_TASK_NAMES, **_event_fields(event_name)})

    def step_fields(self, event_name: str, step: Any, task: Any = None) -> dict[str, Any]:
        """Return the fields of an event that a step and its task, in any form, fill.

        >>> reader = EntityReader(Misuse(strict=True))
        >>> reader.step_fields("step.handle", {"id": "s1", "name": "fetch_cart", "attempts": 1}, {"id": 42})
        {'step_id': 's1', 'step_name': 'fetch_cart', 'attempt_number': 1, 'task_id': 42}
        """
        if step is None:
            return {} if task is None else self._read(task, _TASK_NAMES)
        fields = self._read(
            step, {**_STEP_NAMES, **_event_fields(event_name), **_NAMES_IN_STEP_OF_TASK, "task": ("task",)}
        )
        owner = fields.pop("task", None)
        _count_attempt(event_name, fields)
        task = owner if task is None else task
        return fields if task is None else {**fields, **self._read(task, _TASK_NAMES)}

    def fields_elsewhere(self, event_name: str, task: Any, step: Any) -> dict[str, Any]:
        """Return the ids and names of a task, and of a step of it, for a workflow or observability event."""
        if step is None:
            return self.task_fields("", task)
        fields = self.step_fields("", step, task)
        names = _ATTEMPT_FIELDS_ELSEWHERE if event_name in _ABOUT_ATTEMPTS else _STEP_FIELDS_ELSEWHERE
        return {name: value for name, value in fields.items() if name in names}

    def _read(self, entity: Any, names: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
        try:
            get = _getter(entity)
        except UsageError as error:
            self._misuse.report(error)
            return {}
        fields = {}
        for field, candidates in names.items():
            for name in candidates:
                try:
                    value = get(name)
                    usable = value is not None and not callable(value)
                except Exception as error:  # noqa: BLE001  the entity's own code runs here
                    why = f"{field} cannot be read: {name} raised {type(error).__name__}"
                    self._misuse.report(UsageError(why))
                    continue
                if usable:
                    fields[field] = value
                    break
        return fields


def _count_attempt(event_name: str, fields: dict[str, Any]) -> None:
    """Derive the attempt that the event is about from the attempts that a step has made."""
    made = fields.get("attempt_number")
    try:
        if made == 0:
            fields["attempt_number"] = 1
        elif event_name == StepEvents.RETRY_REQUESTED and made is not None:
            fields["attempt_number"] = made + 1
            fields["previous_attempts"] = made
    except Exception:  # noqa: BLE001  the number's own code runs here; its field's converter reports it
        return


def _event_fields(event_name: str) -> dict[str, tuple[str, ...]]:
    """Return the names by which a task or step can be asked for each field of an event."""
    spec = CATALOGUE.get(event_name)
    readable = _READABLE.get(spec.family) if spec is not None else None
    if spec is None or readable is None:
        return {}
    return {field: _FIELD_ALIASES.get(field, (field,)) for field in spec.carries if field in readable}


def _getter(entity: Any) -> Callable[[str], Any]:
    kind = type(entity).__name__
    try:
        if isinstance(entity, Mapping):
            return entity.get
        is_plain = isinstance(entity, (str, bytes, int, float, list, tuple, set))
    except Exception as error:  # an object may lie about its class, and may fail at it
        raise UsageError(f"a task or step cannot be read: {kind} raised {type(error).__name__}") from error
    if is_plain:
        raise UsageError(f"a task or step is a mapping or an object with attributes, not {kind}; give ids by keyword")
    return lambda name: getattr(entity, name, None)
