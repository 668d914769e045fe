"""Ids and names as services have them, made into plain text once, where an event enters.

An id is the same text everywhere: in record, key, `ce_subject`, span ids and `depends_on`. So an
enumeration's member is its value, and a subclass of `str` is a plain `str`, before anything else reads it.
"""

import operator
from collections.abc import Mapping
from enum import Enum
from typing import Any
from uuid import UUID

from tasker_producer.record.event_classes import fields_of_object
from tasker_schemas.field_rules import MAX_NAME_BYTES

_HOLDERS = (Mapping, list, tuple, set, frozenset)


def identifier(value: Any) -> str:
    """Return an id as plain text: text, whole numbers, UUIDs and members of enumerations of these are accepted.

    >>> identifier(42), identifier(UUID(int=7))
    ('42', '00000000-0000-0000-0000-000000000007')

    Raises ValueError for any other type, and for text that is empty, longer than 1,000 bytes of UTF-8, or no valid
    Unicode.
    """
    text = value if type(value) is str else _text_of_id(value)
    # UTF-8 cannot hold half a surrogate pair, and an id cannot be repaired: `encode` raises then.
    if not 0 < len(text.encode()) <= MAX_NAME_BYTES or "\0" in text:
        raise ValueError(f"an id has 1 to {MAX_NAME_BYTES} bytes, and no NUL character")
    return text


def text_identifier(value: Any) -> str | None:
    """Return the text of a value that `identifier` refuses; None if the value has no text that can be an id.

    The text of a value that holds others, such as a whole task in place of its id, would show them all: it is none.

    >>> text_identifier(42.0), text_identifier(b"5"), text_identifier(""), text_identifier({"password": "hunter2"})
    ('42.0', '5', None, None)
    """
    try:
        if isinstance(value, _HOLDERS) or fields_of_object(value) is not None:
            return None
        text = bytes(value).decode() if isinstance(value, (bytes, bytearray)) else plain_text(str(value))
        return identifier(text.encode("utf-8", "backslashreplace").decode())
    except Exception:  # noqa: BLE001  the value's own code runs here
        return None


def plain_text(value: str) -> str:
    """Return a plain `str` of the same characters, without calling a method that a subclass may have replaced."""
    return value if type(value) is str else str.__str__(value)


def whole_number(value: Any) -> int:
    """Return a whole number as a plain `int`; integers of numpy and other libraries are accepted.

    Raises ValueError for anything else, booleans included.
    """
    if type(value) is int:
        return value
    if is_boolean(value):
        raise ValueError("a whole number is expected")
    try:
        return int.__index__(value) if isinstance(value, int) else operator.index(value)
    except TypeError as error:
        raise ValueError("a whole number is expected") from error


def is_boolean(value: Any) -> bool:
    """Return whether a value is true or false, in Python's own type or in numpy's, which converts to a number too."""
    return isinstance(value, bool) or type(value).__name__ in {"bool", "bool_"}


def _text_of_id(value: Any) -> str:
    if isinstance(value, Enum):
        return identifier(value.value)
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, UUID):
        return str(value)
    try:
        return str(whole_number(value))
    except ValueError as error:
        raise ValueError("text, a whole number or a UUID is expected") from error
