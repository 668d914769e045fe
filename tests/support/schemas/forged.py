"""Bytes that no honest writer makes: what a reader of topics must survive."""

from __future__ import annotations

from typing import Any


def avro_long(number: int) -> bytes:
    """Return a number as Avro writes it: zig-zag, seven bits a byte, the lowest first."""
    rest = ((number << 1) ^ (number >> 63)) & (1 << 64) - 1
    found = bytearray()
    while rest > 0x7F:
        found.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*found, rest])


def avro_string(text: str) -> bytes:
    """Return a text as Avro writes it."""
    return avro_long(len(text.encode())) + text.encode()


def custom_event_schema(*fields: tuple[str, Any]) -> dict[str, Any]:
    """Return a foreign version of CustomEvent: its identity, and then the fields given by name and type."""
    identity = (("event_id", "string"), ("event_name", "string"), ("timestamp", "long"))
    declared = [{"name": name, "type": kind} for name, kind in (*identity, *fields)]
    return {"type": "record", "name": "CustomEvent", "namespace": "tasker.events", "fields": declared}


def custom_event_bytes(*more: bytes) -> bytes:
    """Return the body of a CustomEvent of `custom_event_schema`: its identity, and then the given bytes."""
    return avro_string("e1") + avro_string("a.b") + avro_long(1) + b"".join(more)
