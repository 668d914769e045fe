"""The identity of an event: its own id and moment, its task, its step and its attempt."""

from dataclasses import dataclass
from typing import Any

from tasker_producer.record.arguments import Options
from tasker_producer.record.identifiers import identifier, whole_number
from tasker_producer.record.misuse import Misuse
from tasker_producer.record.moments import FIRST_CLEAR_MOMENT, LAST_MOMENT, Moment, current_micros, micros
from tasker_producer.trace.current import CurrentBlock
from tasker_schemas.errors import UsageError
from tasker_schemas.identity import new_event_id
from tasker_schemas.names import Family

# Python 3.11 looks members of an enumeration up slowly.
_STEP, _CUSTOM = Family.STEP, Family.CUSTOM
_SURELY_SHORT = 256
_ATTEMPTS = range(1, 1 << 31)


@dataclass
class Subject:
    """The task, and for a step's event the step and attempt, that an event is about."""

    task_id: str | None
    step_id: str | None
    attempt: int | None


@dataclass
class Occurrence:
    """The fields that tell this occurrence from all others."""

    event_id: str
    timestamp: int
    event_type: str | None


def inherited_fields(family: Family, fields: dict[str, Any], block: CurrentBlock) -> dict[str, Any]:
    """Complete an event from the `with` block around it, if it is about the same task."""
    task_id = fields.get("task_id")
    if task_id is not None and _same_id(task_id) != block.task_id:
        return fields
    inherited: dict[str, Any] = {
        "task_id": block.task_id,
        "task_name": block.task_name,
        "correlation_id": block.correlation_id,
    }
    if family is _STEP and block.step_id is not None:
        step_id = fields.get("step_id")
        if step_id is None or _same_id(step_id) == block.step_id:
            inherited["step_id"] = block.step_id
            inherited["step_name"] = block.step_name
            inherited["attempt_number"] = block.attempt_number
    return {**inherited, **{name: value for name, value in fields.items() if value is not None}}


def occurrence_of(options: Options, misuse: Misuse) -> Occurrence:
    """Return id, moment and type of this occurrence; an unusable id or moment is reported and replaced."""
    event_id = None if options.event_id is None else misuse.identifier("event_id", options.event_id)
    timestamp = options.timestamp
    if timestamp is None:
        timestamp = current_micros()
    elif not (type(timestamp) is int and FIRST_CLEAR_MOMENT <= timestamp <= LAST_MOMENT):
        timestamp = _moment(timestamp, misuse)
    return Occurrence(
        new_event_id() if event_id is None else event_id,
        timestamp,
        None if options.event_type is None else misuse.identifier("event_type", options.event_type),
    )


def subject_of(family: Family, fields: dict[str, Any], misuse: Misuse) -> Subject:
    """Return the task and step that an event is about.

    Raises UsageError for an id that is missing, or that has no text.
    """
    task_id, step_id, attempt = fields.get("task_id"), fields.get("step_id"), fields.get("attempt_number")
    if not _is_plain_id(task_id):
        task_id = _id("task_id", task_id, misuse)
        if task_id is None and family is not _CUSTOM:
            raise UsageError("task_id is missing: whose event is it?")
    if step_id is not None and not _is_plain_id(step_id):
        step_id = _id("step_id", step_id, misuse)
    if step_id is None and family is _STEP:
        raise UsageError("step_id is missing: which step is it about?")
    if attempt is not None and not (type(attempt) is int and 0 < attempt < _SURELY_SHORT):
        attempt = _attempt(attempt, misuse)
    if family is _STEP and attempt is None:
        attempt = 1
    return Subject(task_id, step_id, attempt)


def _is_plain_id(value: Any) -> bool:
    """Return whether a value surely is an id's plain text; others are looked at more closely."""
    return type(value) is str and 0 < len(value) < _SURELY_SHORT and value.isascii() and "\0" not in value


def _id(field: str, value: Any, misuse: Misuse) -> str | None:
    return None if value is None else misuse.identifier(field, value)


def _same_id(value: Any) -> str | None:
    """Return an id's text for a comparison; None for a value that is no id."""
    try:
        return value if type(value) is str else identifier(value)
    except Exception:  # noqa: BLE001  reported where the id is used
        return None


def _attempt(value: Any, misuse: Misuse) -> int | None:
    """Return the number of an attempt; None for a value that is none, which is reported."""
    try:
        attempt = whole_number(value)
        why = f"attempt_number counts from 1, got {attempt}"
    except Exception:  # noqa: BLE001  the value's own code runs here
        attempt, why = 0, f"attempt_number: a whole number is expected; got a value of type {type(value).__name__}"
    if attempt in _ATTEMPTS:
        return attempt
    misuse.report(UsageError(why))
    return None


def _moment(value: Moment, misuse: Misuse) -> int:
    try:
        return micros(value)
    except Exception as error:  # noqa: BLE001  the value's own code runs here
        why = str(error) if type(error) is ValueError else f"its own code raised {type(error).__name__}"
        misuse.report(UsageError(f"timestamp: {why}"))
        return current_micros()
