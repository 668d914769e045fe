"""Decides offline whether a new version of a record is compatible: BACKWARD_TRANSITIVE.

A schema is compatible when its readers can read the records of every version before it (schema resolution of Avro
1.12). Avro itself looks at bytes only; here a logical type belongs to a type, because microseconds read as milliseconds
are wrong although they can be read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tasker_schemas.avro.named_types import NAMED_KINDS, definitions, resolved, short_name
from tasker_schemas.avro.schema_text import type_text
from tasker_schemas.avro.versions import Schema

COMPATIBILITY = "BACKWARD_TRANSITIVE"

# The types that a reader may declare where the writer has another (Avro's promotions).
_PROMOTIONS = {
    "int": {"int", "long", "float", "double"},
    "long": {"long", "float", "double"},
    "float": {"float", "double"},
    "string": {"string", "bytes"},
    "bytes": {"bytes", "string"},
}


class Break(NamedTuple):
    """A reason why records of an earlier version cannot be read."""

    version: int
    field: str
    problem: str

    def __str__(self) -> str:
        return f"cannot read version {self.version}: {self.field}: {self.problem}"


def breaks(candidate: Mapping[str, Any], earlier: Iterable[Schema]) -> list[Break]:
    """Return all that keeps readers of `candidate` from records of the earlier versions; empty if it is compatible.

    `candidate` is a schema's JSON as Python values.
    """
    return [
        Break(schema.version, path or _WHOLE, problem)
        for schema in sorted(earlier, key=lambda schema: schema.version)
        for path, problem in _Resolution(schema.declared, candidate).all_problems()
    ]


def unreadable(writer: Mapping[str, Any], reader: Mapping[str, Any]) -> list[str]:
    """Return all that keeps a reader from a writer's records, each as `field: reason`, nested fields with dots.

    >>> old = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "long"}]}
    >>> new = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "string"}]}
    >>> unreadable(old, new)
    ['a: long became int', 'b: is new and has no default']
    """
    problems = _Resolution(writer, reader).all_problems()
    return [f"{path or _WHOLE}: {problem}" for path, problem in problems]


_WHOLE = "(record)"
Problem = tuple[str, str]


class _Resolution:
    """Compares a writer's schema with a reader's."""

    def __init__(self, writer: Any, reader: Any) -> None:
        self._writer, self._writer_types = writer, definitions(writer)
        self._reader, self._reader_types = reader, definitions(reader)

    def all_problems(self) -> Iterator[Problem]:
        """Yield path and description of each problem."""
        return self._problems(self._writer, self._reader, "")

    def _problems(self, writer: Any, reader: Any, path: str) -> Iterator[Problem]:
        """Yield why a value of the type `writer` cannot be read as a value of the type `reader`."""
        writer = resolved(writer, self._writer_types)
        reader = resolved(reader, self._reader_types)
        if isinstance(writer, list):
            for branch in writer:
                yield from self._problems(branch, reader, path)
        elif isinstance(reader, list):
            yield from self._problems_in_union(writer, reader, path)
        elif _kind(reader) not in _PROMOTIONS.get(_kind(writer), {_kind(writer)}):
            yield path, f"{type_text(writer)} became {type_text(reader)}"
        elif _logical(writer) != _logical(reader):
            yield path, f"{type_text(writer)} became {type_text(reader)}: the same bytes with another meaning"
        else:
            yield from self._problems_inside(writer, reader, path)

    def _problems_in_union(self, writer: Any, branches: Sequence[Any], path: str) -> Iterator[Problem]:
        readers = [resolved(branch, self._reader_types) for branch in branches]
        if any(next(self._problems(writer, reader, path), None) is None for reader in readers):
            return
        namesakes = [reader for reader in readers if _kind(writer) == _kind(reader) == "record"]
        if len(namesakes) == 1:
            yield from self._problems(writer, namesakes[0], path)
        else:
            yield path, f"{type_text(writer)} is not among {type_text(list(branches))}"

    def _problems_inside(self, writer: Any, reader: Any, path: str) -> Iterator[Problem]:
        """Yield the problems of the parts of two types of the same kind."""
        if _kind(writer) in NAMED_KINDS and short_name(writer) not in _names_of(reader):
            yield path, f"{short_name(writer)} became {short_name(reader)}"
            return
        match _kind(writer):
            case "array":
                yield from self._problems(writer["items"], reader["items"], path)
            case "map":
                yield from self._problems(writer["values"], reader["values"], path)
            case "enum":
                yield from _lost_symbols(writer, reader, path)
            case "fixed" if writer["size"] != reader["size"]:
                yield path, f"{writer['size']} bytes became {reader['size']}"
            case "record":
                yield from self._problems_of_fields(writer["fields"], reader["fields"], path)

    def _problems_of_fields(self, written: Sequence[Any], read_fields: Sequence[Any], path: str) -> Iterator[Problem]:
        types = {field["name"]: field["type"] for field in written}
        for field in read_fields:
            inner = f"{path}.{field['name']}" if path else field["name"]
            old_name = next((name for name in (field["name"], *field.get("aliases", ())) if name in types), None)
            if old_name is not None:
                yield from self._problems(types[old_name], field["type"], inner)
            elif "default" not in field:
                yield inner, "is new and has no default"


def _names_of(reader: Mapping[str, Any]) -> set[str]:
    return {short_name(reader), *(alias.rpartition(".")[2] for alias in reader.get("aliases", ()))}


def _lost_symbols(writer: Mapping[str, Any], reader: Mapping[str, Any], path: str) -> Iterator[Problem]:
    lost = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    if lost and reader.get("default") not in reader["symbols"]:
        yield path, f"{short_name(reader)} lost {', '.join(lost)} and has no default"


def _kind(declared: Any) -> str:
    return str(declared["type"] if isinstance(declared, Mapping) else declared)


def _logical(declared: Any) -> Any:
    return declared.get("logicalType") if isinstance(declared, Mapping) else None
