"""Checks a record's bytes and a writer's schema before Avro reads them.

fastavro trusts its input: it accepts trailing bytes, follows recursive schemas until the stack ends, and builds ten
million items of zero bytes from an array that announces them. Every check here closes such a way. A schema that
passes has no recursion, bounded nesting, and zero bytes only as a branch of a union, so the items that a record can
announce are bounded by its length.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tasker_schemas.errors import PoisonReason, PoisonRecord

MAX_RECORD_BYTES = 1 << 20  # Kafka's own default limit for a message
MAX_SCHEMA_DEPTH = 16

_PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}


class _Shape(NamedTuple):
    """The shape of a type: whether each value takes a byte, and how deep values nest."""

    sized: bool
    height: int = 1


@dataclass(slots=True)
class _Names:
    """The named types met so far; `open_names` are those whose definition has not ended."""

    shapes: dict[str, _Shape] = field(default_factory=dict)
    open_names: set[str] = field(default_factory=set)


def check_size(value: bytes | None) -> bytes:
    """Return the value if a record can have it; raise PoisonRecord for none, an empty and a huge value.

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
    _shape(schema, _Names(), depth=0)


def _foreign(detail: str) -> PoisonRecord:
    return PoisonRecord(PoisonReason.FOREIGN_SCHEMA, detail)


def _shape(schema: Any, names: _Names, depth: int) -> _Shape:
    """Visit a schema and return its shape."""
    if depth > MAX_SCHEMA_DEPTH:
        raise _foreign(f"the schema is nested deeper than {MAX_SCHEMA_DEPTH}")
    match schema:
        case str():
            return _named(schema, names)
        case list():
            # The branch's index takes a byte, so a branch may be empty.
            return _enclosing(*(_shape(branch, names, depth + 1) for branch in schema))
        case {"type": "array", "items": inner} | {"type": "map", "values": inner}:
            return _enclosing(_sized(_shape(inner, names, depth + 1), "an item"))
        case {"type": "record" | "error", "name": str(name), "fields": list(fields)}:
            return _record(name, fields, names, depth)
        case {"type": "enum" | "fixed", "name": str(name)}:
            size = schema.get("size", 1)
            return _define(name, _Shape(sized=isinstance(size, int) and size > 0), names)
        case {"type": inner} if inner not in _COMPLEX:
            return _shape(inner, names, depth + 1)
    raise _foreign(f"not a schema: {schema!r}")


_COMPLEX = ("array", "map", "record", "error", "enum", "fixed")


def _record(name: str, fields: list[Any], names: _Names, depth: int) -> _Shape:
    short = _short(name)
    if short in names.open_names:
        raise _foreign(f"the schema defines {name} inside itself")
    names.open_names.add(short)
    shapes = []
    for declared in fields:
        if not isinstance(declared, Mapping):
            raise _foreign(f"not a field: {declared!r}")
        shapes.append(_sized(_shape(declared.get("type"), names, depth + 1), f"field {declared.get('name')!r}"))
    names.open_names.remove(short)
    return _define(name, _enclosing(*shapes)._replace(sized=bool(shapes)), names)


def _define(name: str, shape: _Shape, names: _Names) -> _Shape:
    # Short names must be unique: otherwise a reference could mean another type than the checked type.
    if names.shapes.setdefault(_short(name), shape) is not shape:
        raise _foreign(f"the schema defines {name} twice")
    return shape


def _named(name: str, names: _Names) -> _Shape:
    if name in _PRIMITIVES:
        return _Shape(sized=name != "null")
    if _short(name) in names.open_names:
        raise _foreign(f"the schema contains itself: {name}")
    if _short(name) not in names.shapes:
        raise _foreign(f"the schema names a type that it does not define: {name}")
    return names.shapes[_short(name)]


def _sized(shape: _Shape, name: str) -> _Shape:
    if not shape.sized:
        raise PoisonRecord(PoisonReason.BOMB, f"{name} of the schema takes no byte, however often it is announced")
    return shape


def _enclosing(*inner: _Shape) -> _Shape:
    # A reference adds the depth of the type that it names, so nesting through references is bounded, too.
    height = 1 + max((shape.height for shape in inner), default=0)
    if height > MAX_SCHEMA_DEPTH:
        raise _foreign(f"its values nest deeper than {MAX_SCHEMA_DEPTH}")
    return _Shape(sized=True, height=height)


def _short(name: str) -> str:
    return name.rpartition(".")[2]
