"""The protobuf wire format, as far as OTLP's traces need it: values in, bytes out.

Building message objects costs twice as much as the rest of an export. A span's bytes are a handful of fields whose
keys hardly vary, so they are put together from cached pieces; the tests parse everything back with OTLP's own classes.
"""

from functools import lru_cache
from struct import Struct
from typing import Any

_DOUBLE = Struct("<d").pack
_SHORT = 64  # characters; longer values are rarely met again, and would fill the memory
_VARINT_LIMIT = 1 << 64
_ONE_BYTE = [bytes((number,)) for number in range(128)]


def varint(number: int) -> bytes:
    """Return a number as protobuf writes it; a negative number as its 64-bit complement.

    >>> varint(300).hex()
    'ac02'
    """
    if 0 <= number < 128:  # noqa: PLR2004  seven bits
        return _ONE_BYTE[number]
    if number < 0:
        number += _VARINT_LIMIT
    out = bytearray()
    while number > 127:  # noqa: PLR2004
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(tag: bytes, content: bytes) -> bytes:
    """Return a length-delimited field; `tag` is the field's number and wire type as bytes."""
    size = len(content)
    return tag + (_ONE_BYTE[size] if size < 128 else varint(size)) + content  # noqa: PLR2004


def text(tag: bytes, value: str) -> bytes:
    """Return a text field, or nothing for an empty text, which is the default."""
    return field(tag, value.encode()) if value else b""


def attributes(tag: bytes, values: dict[str, Any]) -> bytes:
    """Return repeated KeyValue fields."""
    out = []
    for name, value in values.items():
        kind = value.__class__
        # Few values are met once only: a task's id is in each of its spans, most others in those of many tasks.
        if kind is int or (kind is str and len(value) <= _SHORT):
            out.append(_remembered(tag, name, value))
        else:
            out.append(key_value(tag, name, value))
    return b"".join(out)


def key_value(tag: bytes, name: str, value: Any) -> bytes:
    """Return a KeyValue field; the value is a boolean, an integer of 64 bits, a float, a text or a list of these."""
    content = any_value(value)
    size = len(content)
    content = _key(name) + b"\x12" + (_ONE_BYTE[size] if size < 128 else varint(size)) + content  # noqa: PLR2004
    size = len(content)
    return tag + (_ONE_BYTE[size] if size < 128 else varint(size)) + content  # noqa: PLR2004


def any_value(value: Any) -> bytes:
    """Return the content of an AnyValue."""
    if value.__class__ is str:
        encoded = value.encode()
        size = len(encoded)
        return b"\x0a" + (_ONE_BYTE[size] if size < 128 else varint(size)) + encoded  # noqa: PLR2004
    if value is True:
        return b"\x10\x01"
    if value is False:
        return b"\x10\x00"
    if value.__class__ is int:
        return b"\x18" + varint(value)
    if value.__class__ is float:
        return b"\x21" + _DOUBLE(value)
    return field(b"\x2a", b"".join([field(b"\x0a", any_value(item)) for item in value]))


@lru_cache(maxsize=8192)
def _remembered(tag: bytes, name: str, value: str | int) -> bytes:
    return key_value(tag, name, value)


@lru_cache(maxsize=4096)
def _key(name: str) -> bytes:
    return field(b"\x0a", name.encode())
