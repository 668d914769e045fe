"""A span of a foreign trace, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasker_consumers.importers.documents.node import Node
from tasker_consumers.importers.executions import Reason

_LATEST_NANOS = 2**63
_HEX_DIGITS = frozenset("0123456789abcdef")
TRACE_DIGITS, SPAN_DIGITS = 32, 16
LONGEST_NAME = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSpan:
    """A span; times are in microseconds, `end` is None while it is open, `place` is that of its value in the file.

    `moments` has the first time of each of its events by name, `depends_on` the steps that it is linked to as ours are.
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    start: int
    end: int | None
    is_failed: bool
    reason: Reason
    attributes: Mapping[str, Any]
    place: str
    moments: Mapping[str, int] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()


def hex_id(node: Node, digits: int) -> str:
    """Return an id as lower-case hex digits, with the zeros in front that some tools leave out; raise BrokenFile.

    >>> hex_id(Node("4A"), 4)
    '004a'
    """
    text = node.text().lower()
    if not set(text) <= _HEX_DIGITS or len(text) > digits or not text.strip("0"):
        node.refuse(f"an id of at most {digits} hex digits, not all zeros")
    return text.zfill(digits)


def whole_number(node: Node) -> int:
    """Return a whole number below 2**63, also where the document spells it as a text; raise BrokenFile."""
    value = node.value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(_LATEST_NANOS)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LATEST_NANOS:
        node.refuse("a whole number below 2**63")
    return value


def reason_of(exception: Mapping[str, Any], message: str) -> Reason:
    """Return the reason of a failed span: its exception event, else the message of its status."""
    stack = str(exception.get("exception.stacktrace") or "")
    return Reason(
        error_class=str(exception.get("exception.type") or "Error"),
        message=str(exception.get("exception.message") or message or "the span's status is an error"),
        backtrace=tuple(line.strip() for line in stack.splitlines() if line.strip()),
    )
