"""An exception, a class of exceptions or a text, as the fields of an event: class, message, innermost frames."""

import sys
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from tasker_schemas.catalogue import STATE_AFTER, fields_of
from tasker_schemas.names import Family, State, family_of

#: The fields that an exception fills, as far as the event's record has them.
ERROR_FIELDS = ("error_class", "error_message", "backtrace")
#: Events that mean a failure: they describe the exception that is being handled when they are published.
FAILURES = frozenset(str(name) for name, state in STATE_AFTER.items() if state is State.ERROR)
_DEFAULT_MESSAGES = {Family.STEP: "Unknown error", Family.TASK: "Task execution failed"}


def error_fields(error: Any, frames: int) -> dict[str, Any]:
    """Return `error_class`, `error_message` and `backtrace` (at most `frames`, the innermost last) of an error.

    A text is the message alone, a class of exceptions the class alone.

    >>> error_fields(TimeoutError("gateway timed out"), 10)
    {'error_class': 'TimeoutError', 'error_message': 'gateway timed out', 'backtrace': []}
    >>> error_fields("declined", 10), error_fields(ValueError, 10)
    ({'error_message': 'declined'}, {'error_class': 'ValueError'})
    """
    try:
        if isinstance(error, BaseException):
            return {
                "error_class": class_name(type(error)),
                "error_message": message_of(error),
                "backtrace": _backtrace(error.__traceback__, frames),
            }
        if isinstance(error, type) and issubclass(error, BaseException):
            return {"error_class": class_name(error)}
    except Exception:  # noqa: BLE001  an object may lie about its class, and may fail at it
        return {}
    return {} if error is None else {"error_message": message_of(error)}


def failure_fields(
    name: str, keywords: Mapping[str, Any], error: Any, subject: Mapping[str, Any], frames: int
) -> dict[str, Any]:
    """Return the fields of an event with those of its error.

    The first that is given holds: a keyword, `error`, the fields of the subject (the step, task or payload), and, for
    an event that means a failure, the exception that is being handled, then Tasker's default words.

    >>> failure_fields("step.failed", {"error_class": "Declined"}, "no funds", {"step_id": "s"}, 10)
    {'error_message': 'no funds', 'step_id': 's', 'error_class': 'Declined'}
    """
    fields: dict[str, Any] = {}
    family = family_of(name)
    if name in FAILURES:
        fields["error_message"] = _DEFAULT_MESSAGES[family]
        fields.update(error_fields(sys.exception(), frames))
    fields.update(_present(subject))
    if error is not None:
        known = fields_of(family)
        fields.update({key: value for key, value in error_fields(error, frames).items() if key in known})
    return {**fields, **_present(keywords)}


def class_name(kind: type) -> str:
    """Return the name of a class with its module; a builtin class has its name alone."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def message_of(error: Any) -> str:
    """Return an error's message; for one whose own code fails, a text that says so."""
    try:
        return str.__str__(str(error))
    except Exception:  # noqa: BLE001  an exception's own code; its message is not worth another exception
        return f"<{type(error).__name__} without a readable message>"


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _backtrace(trace: TracebackType | None, limit: int) -> list[str]:
    """Return the innermost frames, without source lines: these cost reads on the caller's thread and hold literals."""
    innermost: deque[TracebackType] = deque(maxlen=max(0, limit))
    while trace is not None:
        innermost.append(trace)
        trace = trace.tb_next
    return [
        f"{entry.tb_frame.f_code.co_filename}:{entry.tb_lineno} in {entry.tb_frame.f_code.co_name}"
        for entry in innermost
    ]
