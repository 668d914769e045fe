"""What a record's bytes and a writer's schema must be before Avro may read them.

fastavro trusts its input: it accepts trailing bytes, follows recursive schemas until the stack ends, and builds ten
million items of zero bytes from an array that announces them. Every check here closes one of these ways. A schema that
passes has no recursion and no repeated item of zero bytes, so what a record can announce is bounded by its length.
"""

from collections.abc import Mapping
from typing import Any

from tasker_schemas.errors import PoisonReason, PoisonRecord

MAX_RECORD_BYTES = 1 << 20  # Kafka's own default limit for a message
MAX_SCHEMA_DEPTH = 16

_ZERO_BYTES = {"null"}
_PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}


def check_size(value: bytes | None) -> bytes:
    """Return the value if a record can have it; raise PoisonRecord for none, an empty and a huge one.

    >>> check_size(None)
    Traceback (most recent call last):
    tasker_schemas.errors.PoisonRecord: null_value: the record has no value
    """
    if value is None:
        raise PoisonRecord(PoisonReason.NULL_VALUE, "the record has no value")
    if len(value) > MAX_RECORD_BYTES:
        raise PoisonRecord(PoisonReason.TOO_LARGE, f"{len(value)} bytes, at most {MAX_RECORD_BYTES} are read")
    return value


def check_writer_schema(schema: Any, expected: str) -> None:
    """Refuse a writer's schema that is not a version of the record `expected` or that cannot be read safely.

    `schema` is the schema's JSON as Python values. Raises PoisonRecord.
    """
    name = schema.get("name") if isinstance(schema, Mapping) else None
    namespace = schema.get("namespace") if isinstance(schema, Mapping) else None
    full_name = name if not namespace or "." in str(name) else f"{namespace}.{name}"
    if full_name != expected:
        raise PoisonRecord(PoisonReason.FOREIGN_SCHEMA, f"written as {full_name or schema!r}, not as {expected}")
    _walk(schema, defining=(), sizes={}, depth=0)


def _walk(schema: Any, *, defining: tuple[str, ...], sizes: dict[str, bool], depth: int) -> bool:
    """Visit one schema; return whether a value of it takes at least one byte."""
    if depth > MAX_SCHEMA_DEPTH:
        raise PoisonRecord(PoisonReason.FOREIGN_SCHEMA, f"the schema is nested deeper than {MAX_SCHEMA_DEPTH}")
    if isinstance(schema, str):
        return _named(schema, defining, sizes)
    if isinstance(schema, list):
        for branch in schema:
            _walk(branch, defining=defining, sizes=sizes, depth=depth + 1)
        return True  # the branch's index
    return _complex(schema, defining, sizes, depth)


def _complex(schema: Any, defining: tuple[str, ...], sizes: dict[str, bool], depth: int) -> bool:
    match schema:
        case {"type": "array", "items": items}:
            if not _walk(items, defining=defining, sizes=sizes, depth=depth + 1):
                raise PoisonRecord(PoisonReason.BOMB, "the schema repeats an item of zero bytes")
            return True  # the count
        case {"type": "map", "values": values}:
            _walk(values, defining=defining, sizes=sizes, depth=depth + 1)
            return True  # the count
        case {"type": "record" | "error", "name": str(), "fields": list()}:
            return _record(schema, defining, sizes, depth)
        case {"type": "enum", "name": name}:
            sizes[_short(name)] = True
            return True
        case {"type": "fixed", "name": name, "size": int(size)}:
            sizes[_short(name)] = size > 0
            return size > 0
        case {"type": inner}:
            return _walk(inner, defining=defining, sizes=sizes, depth=depth + 1)
    raise PoisonRecord(PoisonReason.FOREIGN_SCHEMA, f"not a schema: {schema!r}")


def _record(schema: Mapping[str, Any], defining: tuple[str, ...], sizes: dict[str, bool], depth: int) -> bool:
    name = _short(schema["name"])
    inside = (*defining, name)
    fields = [_walk(f.get("type"), defining=inside, sizes=sizes, depth=depth + 1) for f in schema["fields"]]
    sizes[name] = any(fields)
    return sizes[name]


def _named(name: str, defining: tuple[str, ...], sizes: dict[str, bool]) -> bool:
    if name in _PRIMITIVES:
        return name not in _ZERO_BYTES
    if _short(name) in defining:
        raise PoisonRecord(PoisonReason.FOREIGN_SCHEMA, f"the schema contains itself: {name}")
    if _short(name) not in sizes:
        raise PoisonRecord(PoisonReason.FOREIGN_SCHEMA, f"the schema names a type that it does not define: {name}")
    return sizes[_short(name)]


def _short(name: Any) -> str:
    return str(name).rpartition(".")[2]
