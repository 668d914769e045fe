"""The ways to leave a block, and the outcome that each of them means."""

import asyncio
import concurrent.futures
from enum import IntEnum, auto
from typing import Any


class Outcome(IntEnum):
    """How a task or an attempt of a step ended."""

    COMPLETED = auto()
    FAILED = auto()
    CANCELLED = auto()
    RETRIED = auto()  # the job's queue runs it again: the step asks for another attempt, the task stays open


# Python 3.11 looks members of an enumeration up slowly.
_COMPLETED = Outcome.COMPLETED

ErrorTypes = type[BaseException] | tuple[type[BaseException], ...]

_CANCELLATIONS = (asyncio.CancelledError, concurrent.futures.CancelledError, GeneratorExit, KeyboardInterrupt)
# Control flow of libraries that a service may use, by name: nobody has to have them installed.
_BY_NAME = {
    "celery.exceptions.Retry": Outcome.RETRIED,
    "celery.exceptions.Ignore": Outcome.CANCELLED,
    "celery.exceptions.Reject": Outcome.CANCELLED,
    "greenlet.GreenletExit": Outcome.CANCELLED,
    "trio.Cancelled": Outcome.CANCELLED,
}


def outcome_of(error: BaseException | None, expected: ErrorTypes = ()) -> Outcome:
    """Return the outcome of a block that was left with this exception, or without any.

    `expected` names classes whose exceptions are no failures: they cancel.

    >>> outcome_of(None), outcome_of(SystemExit(0)), outcome_of(SystemExit(3))
    (<Outcome.COMPLETED: 1>, <Outcome.COMPLETED: 1>, <Outcome.FAILED: 2>)
    >>> outcome_of(GeneratorExit()), outcome_of(LookupError(), (LookupError,))
    (<Outcome.CANCELLED: 3>, <Outcome.CANCELLED: 3>)
    """
    if error is None:
        return _COMPLETED
    kind = type(error)
    if issubclass(kind, SystemExit):
        return Outcome.COMPLETED if getattr(error, "code", None) in (None, 0) else Outcome.FAILED
    for base in kind.__mro__:
        outcome = _BY_NAME.get(f"{base.__module__}.{base.__qualname__}")
        if outcome is not None:
            return outcome
    if issubclass(kind, _CANCELLATIONS) or issubclass(kind, expected):
        return Outcome.CANCELLED
    return Outcome.FAILED


def reason_of(error: BaseException) -> str:
    """Return the reason of a cancellation or retry: the exception's message, else the name of its class."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001  the exception's own code runs here
        return type(error).__name__


def retry_fields(error: BaseException) -> dict[str, Any]:
    """Return reason and waiting time of a retry that Celery's `Retry` asks for."""
    cause = getattr(error, "exc", None)
    when = getattr(error, "when", None)
    seconds = float(when) if isinstance(when, (int, float)) else None
    reason = reason_of(cause) if isinstance(cause, BaseException) else reason_of(error)
    return {"retry_reason": reason, "backoff_seconds": seconds}
