"""The stack trace of a failure: its own frames and notes, then its causes, contexts and the members of a group."""

from collections.abc import Iterator
from typing import Any

_RELATIONS = {
    "cause": "caused by",
    "context": "raised while handling",
    "member": "member of the group:",
}
#: Deeper exceptions stand no further to the right: a depth is any number that a record holds.
_MAX_DEPTH = 16


def stacktrace_of(fields: dict[str, Any]) -> str:
    r"""Return the stack trace that the fields of a failed event tell, empty when they tell none.

    >>> stacktrace_of({"backtrace": ["a.py:1"], "error_notes": ["order 42"]})
    'a.py:1\nnote: order 42'
    """
    lines = [*fields.get("backtrace", ()), *(f"note: {note}" for note in fields.get("error_notes") or ())]
    for link in fields.get("error_chain") or ():
        lines += _lines_of(link)
    if dropped := fields.get("errors_dropped"):
        lines.append(f"… {dropped} more exceptions or frames were cut")
    return "\n".join(lines)


def _lines_of(link: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of an exception around the error, the deeper the further to the right."""
    indent = "  " * min(link.get("depth", 1), _MAX_DEPTH)
    message = link.get("error_message", "")
    separator = ": " if message else ""
    yield f"{indent}{_RELATIONS.get(link['relation'], link['relation'])} {link['error_class']}{separator}{message}"
    for frame in link.get("backtrace", ()):
        yield f"{indent}  {frame}"
