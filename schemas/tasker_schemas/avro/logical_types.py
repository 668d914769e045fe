"""Gives values of a foreign schema the meaning of ours: milliseconds become microseconds, or the schema is refused.

Avro resolves schemas by bytes alone, so a reader that ignores logical types takes milliseconds for microseconds. Here
the two schemas are compared once, when a foreign schema is met; the conversion that follows is applied to each record.
A plain `long` where we have a timestamp counts as microseconds (docs/schemas.md).
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tasker_schemas.avro.named_types import definitions, resolved, short_name
from tasker_schemas.errors import PoisonReason, PoisonRecord

Conversion = Callable[[Any], Any]
"""Returns a value with our meaning; raises ValueError for a value that does not fit into 64 bits then."""

_OURS = "timestamp-micros"
# Units of the writer, as the factor and the divisor that make microseconds.
_TO_MICROSECONDS = {"timestamp-millis": (1000, 1), "timestamp-micros": (1, 1), "timestamp-nanos": (1, 1000)}
# Avro's other logical types of numbers and bytes. Names that it does not define are to be ignored, and uuid is text.
_FOREIGN = {
    "date", "decimal", "duration", "local-timestamp-micros", "local-timestamp-millis", "local-timestamp-nanos",
    "time-micros", "time-millis",
}  # fmt: skip
_LONGS = range(-(1 << 63), 1 << 63)


def conversion_of(writer: Any, reader: Any) -> Conversion | None:
    """Return the conversion for values that were written by a schema and read as another; None if none is needed.

    Both are schemas' JSON as Python values. Raises PoisonRecord for a logical type that has no meaning in our field.
    """
    return _Comparison(definitions(writer), definitions(reader)).conversion(writer, reader, "")


class _Comparison:
    """Compares two schemas; each knows its named types, which it defines once and refers to afterwards."""

    def __init__(self, writer_types: Mapping[str, Any], reader_types: Mapping[str, Any]) -> None:
        self._writer_types = writer_types
        self._reader_types = reader_types

    def conversion(self, writer: Any, reader: Any, path: str) -> Conversion | None:
        """Return the conversion from the writer's type to the reader's; `path` names the field in an error."""
        writer, reader = resolved(writer, self._writer_types), resolved(reader, self._reader_types)
        if isinstance(writer, list) or isinstance(reader, list):
            return self._of_union(_branches(writer), _branches(reader), path)
        match _kind(writer), _kind(reader):
            case "record", "record":
                return self._of_record(writer, reader, path)
            case "array", "array":
                return _each(self.conversion(writer["items"], reader["items"], path))
            case "map", "map":
                return _each_value(self.conversion(writer["values"], reader["values"], path))
        return _of_primitive(writer, reader, path)

    def _of_record(self, writer: Any, reader: Any, path: str) -> Conversion | None:
        types = {field["name"]: field["type"] for field in writer["fields"]}
        conversions = {}
        for field in reader["fields"]:
            names = (field["name"], *field.get("aliases", ()))
            written_as = next((name for name in names if name in types), None)
            if written_as is not None:
                inner = f"{path}.{field['name']}" if path else field["name"]
                if conversion := self.conversion(types[written_as], field["type"], inner):
                    conversions[field["name"]] = conversion
        return partial(_convert_fields, conversions) if conversions else None

    def _of_union(self, writers: list[Any], readers: list[Any], path: str) -> Conversion | None:
        """Return a conversion that goes by the Python type of a value, which stands for the branch."""
        by_type: dict[type, Conversion | None] = {}
        for writer in (resolved(branch, self._writer_types) for branch in writers):
            reader = self._counterpart(writer, readers)
            conversion = None if reader is None else self.conversion(writer, reader, path)
            python_type = _PYTHON_TYPES.get(_kind(writer), object)
            if by_type.setdefault(python_type, conversion) is not conversion:
                raise _refusal(path, "two branches of a union whose values cannot be told apart")
        needed = {python_type: conversion for python_type, conversion in by_type.items() if conversion}
        return partial(_convert_branch, needed) if needed else None

    def _counterpart(self, writer: Any, readers: list[Any]) -> Any:
        """Return the branch that Avro reads a value as: of the same type, else of a type that it is promoted to."""
        branches = [resolved(branch, self._reader_types) for branch in readers]
        same = [branch for branch in branches if _is_same_type(writer, branch)]
        wider = [branch for branch in branches if _kind(branch) in _WIDER.get(_kind(writer), ())]
        return next(iter(same + wider), None)


_PYTHON_TYPES = {"int": int, "long": int, "array": list, "map": dict, "record": dict}
_WIDER = {"int": ("long", "float", "double"), "long": ("float", "double"), "string": ("bytes",), "bytes": ("string",)}
_NAMED = ("record", "enum", "fixed")


def _is_same_type(writer: Any, reader: Any) -> bool:
    kind = _kind(writer)
    return kind == _kind(reader) and (kind not in _NAMED or short_name(writer) == short_name(reader))


def _of_primitive(writer: Any, reader: Any, path: str) -> Conversion | None:
    written, declared = _logical_type(writer), _logical_type(reader)
    if written == declared or (written is None and declared == _OURS):
        return None
    if declared == _OURS and written in _TO_MICROSECONDS and _kind(writer) == "long":
        return partial(_scale, *_TO_MICROSECONDS[written])
    raise _refusal(path, f"{_kind(writer)} ({written}) where we have {_kind(reader)} ({declared or 'no logical type'})")


def _scale(factor: int, divisor: int, value: int) -> int:
    scaled = value * factor // divisor
    if scaled not in _LONGS:
        raise ValueError(f"{value} is too large for a time in microseconds")
    return scaled


def _convert_fields(conversions: Mapping[str, Conversion], record: dict[str, Any]) -> dict[str, Any]:
    return record | {name: convert(record[name]) for name, convert in conversions.items()}


def _convert_branch(conversions: Mapping[type, Conversion], value: Any) -> Any:
    convert = conversions.get(type(value))
    return value if convert is None else convert(value)


def _each(convert: Conversion | None) -> Conversion | None:
    return None if convert is None else lambda values: [convert(value) for value in values]


def _each_value(convert: Conversion | None) -> Conversion | None:
    return None if convert is None else lambda values: {key: convert(value) for key, value in values.items()}


def _branches(declared: Any) -> list[Any]:
    return declared if isinstance(declared, list) else [declared]


def _kind(declared: Any) -> str:
    kind = str(declared["type"] if isinstance(declared, Mapping) else declared)
    return "record" if kind == "error" else kind


def _logical_type(declared: Any) -> str | None:
    """Return a logical type that Avro defines; others are to be ignored."""
    name = declared.get("logicalType") if isinstance(declared, Mapping) else None
    return name if isinstance(name, str) and (name in _TO_MICROSECONDS or name in _FOREIGN) else None


def _refusal(path: str, problem: str) -> PoisonRecord:
    return PoisonRecord(PoisonReason.FOREIGN_SCHEMA, f"{path or 'the record'} is {problem}")
