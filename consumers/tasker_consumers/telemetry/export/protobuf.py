"""The protobuf wire format, as far as OTLP needs it: values in, bytes out.

Building message objects costs twice as much as the rest of an export. The bytes of a span or a log record are a handful
of fields, so they are put together from pieces; the tests parse everything back with OTLP's own classes.
"""

from collections.abc import Callable
from struct import Struct
from typing import Any

from tasker_schemas.extensions import compiled_or

_DOUBLE = Struct("<d").pack
_VARINT_LIMIT = 1 << 64
_LEAST, _GREATEST = -(1 << 63), (1 << 63) - 1  # of an integer in an attribute
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


def any_value(value: Any) -> bytes:
    """Return the content of an AnyValue: of a boolean, an integer of 64 bits, a float, a text or a list of these."""
    if isinstance(value, str):
        return field(b"\x0a", value.encode())
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        if not _LEAST <= value <= _GREATEST:
            raise OverflowError(f"{value} has more than 64 bits")
        return b"\x18" + varint(value)
    if isinstance(value, float):
        return b"\x21" + _DOUBLE(value)
    return field(b"\x2a", b"".join([field(b"\x0a", any_value(item)) for item in value]))


def python_attributes(tag: bytes, values: dict[str, Any]) -> bytes:
    """Return the bytes of `attributes`, from Python sources."""
    pairs = [(field(b"\x0a", name.encode()), field(b"\x12", any_value(value))) for name, value in values.items()]
    return b"".join([field(tag, name + value) for name, value in pairs])


#: Returns repeated KeyValue fields with a tag before each: attributes by name, with values as `any_value` takes them.
attributes: Callable[[bytes, dict[str, Any]], bytes] = compiled_or(
    "tasker_consumers.telemetry.export._protobuf_c", "native_attributes", python_attributes
)
