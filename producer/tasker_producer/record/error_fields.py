"""An exception, a class of exceptions or a text, as the fields of an event."""

import sys
from collections.abc import Mapping
from typing import Any

from tasker_producer.record.error_chain import backtrace, class_name, error_chain, message_of, notes_of
from tasker_schemas.catalogue import STATE_AFTER, fields_of
from tasker_schemas.names import Family, State, family_of

#: Events that mean a failure: they describe the exception that is being handled when they are published.
FAILURES = frozenset(str(name) for name, state in STATE_AFTER.items() if state is State.ERROR)
_DEFAULT_MESSAGES = {Family.STEP: "Unknown error", Family.TASK: "Task execution failed"}


def error_fields(error: Any, frames: int) -> dict[str, Any]:
    """Return `error_class`, `error_message` and `backtrace` (at most `frames`, the innermost last) of an error.

    An exception with causes, a context, notes or members has `error_chain`, `error_notes` and `error_group` too, and
    `errors_dropped` is the number of frames, notes and exceptions that were cut. A text is the message alone, a class
    of exceptions the class alone.

    >>> error_fields(TimeoutError("gateway timed out"), 10)
    {'error_class': 'TimeoutError', 'error_message': 'gateway timed out', 'backtrace': []}
    >>> error_fields("declined", 10), error_fields(ValueError, 10)
    ({'error_message': 'declined'}, {'error_class': 'ValueError'})
    """
    try:
        if isinstance(error, BaseException):
            return _exception_fields(error, frames)
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
        fields.update(_known_fields(family, error_fields(sys.exception(), frames)))
    fields.update(_present(subject))
    if error is not None:
        fields.update(_known_fields(family, error_fields(error, frames)))
    return {**fields, **_present(keywords)}


def _exception_fields(error: BaseException, frames: int) -> dict[str, Any]:
    innermost, cut_frames = backtrace(error.__traceback__, frames)
    fields = {
        "error_class": class_name(type(error)),
        "error_message": message_of(error),
        "backtrace": innermost,
    }
    chain = error_chain(error, frames)
    notes, cut_notes = notes_of(error)
    optional = {
        "error_chain": chain.links,
        "error_notes": notes,
        "errors_dropped": chain.dropped + cut_frames + cut_notes,
        "error_group": class_name(type(error)) if isinstance(error, BaseExceptionGroup) else None,
    }
    return fields | {name: value for name, value in optional.items() if value}


def _known_fields(family: Family, fields: dict[str, Any]) -> dict[str, Any]:
    record_fields = fields_of(family)
    return {name: value for name, value in fields.items() if name in record_fields}


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
