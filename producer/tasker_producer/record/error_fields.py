"""An exception as the fields of an event: class, message, innermost frames."""

import traceback
from typing import Any


def error_fields(error: BaseException, frames: int) -> dict[str, Any]:
    """Return `error_class`, `error_message` and `backtrace` (at most `frames`, the innermost last).

    >>> fields = error_fields(TimeoutError("gateway timed out"), 10)
    >>> fields["error_class"], fields["error_message"], fields["backtrace"]
    ('TimeoutError', 'gateway timed out', [])
    """
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return {"error_class": name, "error_message": message_of(error), "backtrace": _frames(error, frames)}


def message_of(error: BaseException) -> str:
    """Return an error's message; one that cannot be had is said to be so."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  an exception's own code; its message is not worth another one
        return f"<{type(error).__name__} without a readable message>"


def _frames(error: BaseException, limit: int) -> list[str]:
    if limit <= 0:
        return []
    # Without source lines: they cost file reads on the caller's thread and may hold literals that nobody wants to see.
    stack = traceback.StackSummary.extract(
        traceback.walk_tb(error.__traceback__), limit=-limit, lookup_lines=False, capture_locals=False
    )
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in stack]
