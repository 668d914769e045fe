"""The exceptions that belong to an error: its causes, its contexts and the members of a group, nearest first.

All is bounded: the number of exceptions, their notes and their frames. The number of those that were cut is counted.
"""

from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Any, NamedTuple

MAX_LINKS = 16
MAX_NOTES = 16
_MAX_LOOKED_AT = 1000  # a group may hold very many members; those beyond are not even counted

CAUSE, CONTEXT, MEMBER = "cause", "context", "member"


class ErrorChain(NamedTuple):
    """The exceptions around an error, as the fields of an event have them."""

    links: list[dict[str, Any]]
    dropped: int


def error_chain(error: BaseException, frames: int) -> ErrorChain:
    """Return the exceptions that belong to an error, each with at most `frames` frames.

    >>> error = ValueError("no cart")
    >>> error.__cause__ = KeyError("cart")
    >>> [(link["relation"], link["error_class"], link["depth"]) for link in error_chain(error, 10).links]
    [('cause', 'KeyError', 1)]
    """
    links: list[dict[str, Any]] = []
    dropped = 0
    visited = {id(error)}
    queue = deque((relation, relative, 1) for relation, relative in _relatives(error))
    while queue and len(visited) < _MAX_LOOKED_AT:
        relation, relative, depth = queue.popleft()
        if id(relative) in visited:
            continue
        visited.add(id(relative))
        queue.extend((kind, further, depth + 1) for kind, further in _relatives(relative))
        if len(links) == MAX_LINKS:
            dropped += 1
            continue
        innermost, cut = backtrace(relative.__traceback__, frames)
        dropped += cut
        links.append(
            {
                "relation": relation,
                "error_class": class_name(type(relative)),
                "error_message": message_of(relative),
                "backtrace": innermost,
                "depth": depth,
            }
        )
    return ErrorChain(links, dropped)


def notes_of(error: BaseException) -> tuple[list[str], int]:
    """Return the notes that were added to an error, and the number of those that were cut."""
    notes = getattr(error, "__notes__", None)
    if not isinstance(notes, (list, tuple)):
        return [], 0
    texts = [str.__str__(note) for note in notes[:MAX_NOTES] if isinstance(note, str)]
    return texts, max(0, len(notes) - MAX_NOTES)


def class_name(kind: type) -> str:
    """Return the name of a class with its module; a builtin class has its name alone."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def message_of(error: Any) -> str:
    """Return an error's message; where the error's own code fails, a text that says so."""
    try:
        return str.__str__(str(error))
    except Exception:  # noqa: BLE001  an exception's own code; its message is not worth another exception
        return f"<{type(error).__name__} without a readable message>"


def backtrace(trace: TracebackType | None, limit: int) -> tuple[list[str], int]:
    """Return the innermost frames, and the number of those that were cut.

    Frames have no source lines: these cost reads on the caller's thread and hold literals.
    """
    innermost: deque[TracebackType] = deque(maxlen=max(0, limit))
    length = 0
    while trace is not None:
        innermost.append(trace)
        length += 1
        trace = trace.tb_next
    frames = [
        f"{entry.tb_frame.f_code.co_filename}:{entry.tb_lineno} in {entry.tb_frame.f_code.co_name}"
        for entry in innermost
    ]
    return frames, length - len(frames)


def _relatives(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    if error.__cause__ is not None:
        yield CAUSE, error.__cause__
    elif error.__context__ is not None and not error.__suppress_context__:
        yield CONTEXT, error.__context__
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield MEMBER, member
