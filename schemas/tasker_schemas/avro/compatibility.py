"""What a new version of a record may change: BACKWARD_TRANSITIVE, decided offline.

A schema is compatible when its readers can read the records of every version before it (schema resolution of Avro
1.12). Avro itself looks at bytes only; here a logical type belongs to a type, because microseconds read as milliseconds
are wrong although they can be read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tasker_schemas.avro.versions import Schema

COMPATIBILITY = "BACKWARD_TRANSITIVE"

# What a reader may declare where the writer wrote something else (Avro's promotions).
_PROMOTIONS = {
    "int": {"int", "long", "float", "double"},
    "long": {"long", "float", "double"},
    "float": {"float", "double"},
    "string": {"string", "bytes"},
    "bytes": {"bytes", "string"},
}
_NAMED = ("record", "enum", "fixed")


class Break(NamedTuple):
    """One reason why records of an earlier version cannot be read."""

    version: int
    field: str
    why: str

    def __str__(self) -> str:
        return f"cannot read version {self.version}: {self.field}: {self.why}"


def breaks(candidate: Mapping[str, Any], earlier: Iterable[Schema]) -> list[Break]:
    """Return what keeps readers of `candidate` from records of the earlier versions; empty if it is compatible.

    `candidate` is a schema's JSON as Python values.
    """
    found = []
    for schema in sorted(earlier, key=lambda schema: schema.version):
        for problem in unreadable(schema.declared, candidate):
            field, _, why = problem.partition(": ")
            found.append(Break(schema.version, field, why))
    return found


def unreadable(writer: Mapping[str, Any], reader: Mapping[str, Any]) -> list[str]:
    """Return what keeps a reader from a writer's records, each as `field: reason`, nested fields with dots.

    >>> old = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "long"}]}
    >>> new = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "string"}]}
    >>> unreadable(old, new)
    ['a: long became int', 'b: is new and has no default']
    """
    resolution = _Resolution(_definitions(writer), _definitions(reader))
    return [f"{place or '(record)'}: {why}" for place, why in resolution.of(writer, reader, "")]


def differences(older: Mapping[str, Any], newer: Mapping[str, Any]) -> list[str]:
    """Return what a version adds (`+`), drops (`-`) and changes (`~`), one line for each field.

    >>> old = {"fields": [{"name": "a", "type": "int"}]}
    >>> differences(old, {"fields": [{"name": "b", "type": ["null", "string"], "default": None}]})
    ['- a: int', '+ b: null or string = null']
    """
    before = {field["name"]: _told(field) for field in older["fields"]}
    after = {field["name"]: _told(field) for field in newer["fields"]}
    dropped = [f"- {name}: {told}" for name, told in before.items() if name not in after]
    changed = [f"~ {name}: {before[name]} -> {told}" for name, told in after.items() if before.get(name, told) != told]
    return dropped + changed + [f"+ {name}: {told}" for name, told in after.items() if name not in before]


Problem = tuple[str, str]


class _Resolution:
    """Compares two schemas; each knows its named types, which it defines once and refers to afterwards."""

    def __init__(self, writer_types: Mapping[str, Any], reader_types: Mapping[str, Any]) -> None:
        self._writer_types = writer_types
        self._reader_types = reader_types

    def of(self, writer: Any, reader: Any, place: str) -> Iterator[Problem]:
        """Yield why a value of the type `writer` cannot be read as one of the type `reader`."""
        writer = _resolved(writer, self._writer_types)
        reader = _resolved(reader, self._reader_types)
        if isinstance(writer, list):
            for branch in writer:
                yield from self.of(branch, reader, place)
        elif isinstance(reader, list):
            if not any(self._fits(writer, branch, place) for branch in reader):
                yield place, f"{_type_text(writer)} is not among {_type_text(reader)}"
        elif _kind(reader) not in _PROMOTIONS.get(_kind(writer), {_kind(writer)}):
            yield place, f"{_type_text(writer)} became {_type_text(reader)}"
        elif _logical(writer) != _logical(reader):
            yield place, f"{_type_text(writer)} became {_type_text(reader)}: the same bytes with another meaning"
        else:
            yield from self._inside(writer, reader, place)

    def _fits(self, writer: Any, branch: Any, place: str) -> bool:
        return next(self.of(writer, branch, place), None) is None

    def _inside(self, writer: Any, reader: Any, place: str) -> Iterator[Problem]:
        """Yield what is wrong with the parts of two types of one kind."""
        if _kind(writer) in _NAMED and _short(writer) not in {_short(reader), *reader.get("aliases", ())}:
            yield place, f"{_short(writer)} became {_short(reader)}"
            return
        match _kind(writer):
            case "array":
                yield from self.of(writer["items"], reader["items"], place)
            case "map":
                yield from self.of(writer["values"], reader["values"], place)
            case "enum":
                yield from _lost_symbols(writer, reader, place)
            case "fixed" if writer["size"] != reader["size"]:
                yield place, f"{writer['size']} bytes became {reader['size']}"
            case "record":
                yield from self._fields(writer["fields"], reader["fields"], place)

    def _fields(self, written: Sequence[Any], wanted: Sequence[Any], place: str) -> Iterator[Problem]:
        before = {field["name"]: field["type"] for field in written}
        for field in wanted:
            where = f"{place}.{field['name']}" if place else field["name"]
            known = next((name for name in (field["name"], *field.get("aliases", ())) if name in before), None)
            if known is not None:
                yield from self.of(before[known], field["type"], where)
            elif "default" not in field:
                yield where, "is new and has no default"


def _lost_symbols(writer: Mapping[str, Any], reader: Mapping[str, Any], place: str) -> Iterator[Problem]:
    lost = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    if lost and reader.get("default") not in reader["symbols"]:
        yield place, f"{_short(reader)} lost {', '.join(lost)} and has no default"


def _definitions(schema: Any) -> dict[str, Any]:
    """Return the types that a schema defines, by their short names."""
    if isinstance(schema, list):
        return {name: defined for part in schema for name, defined in _definitions(part).items()}
    if not isinstance(schema, Mapping):
        return {}
    inner = [schema.get("items"), schema.get("values"), *(field.get("type") for field in schema.get("fields", ()))]
    if not isinstance(schema.get("type"), str):
        inner.append(schema.get("type"))
    found = _definitions(inner)
    return found | {_short(schema): schema} if schema.get("type") in _NAMED else found


def _resolved(declared: Any, types: Mapping[str, Any]) -> Any:
    """Return a type with references and needless wrappers taken away."""
    while True:
        if isinstance(declared, str) and declared.rpartition(".")[2] in types:
            declared = types[declared.rpartition(".")[2]]
        elif isinstance(declared, Mapping) and not isinstance(declared["type"], str):
            declared = declared["type"]
        else:
            return declared


def _kind(declared: Any) -> str:
    return str(declared["type"] if isinstance(declared, Mapping) else declared)


def _logical(declared: Any) -> Any:
    return declared.get("logicalType") if isinstance(declared, Mapping) else None


def _short(declared: Mapping[str, Any]) -> str:
    return str(declared.get("name", "")).rpartition(".")[2]


def _told(field: Mapping[str, Any]) -> str:
    default = f" = {_value_text(field['default'])}" if "default" in field else ""
    return f"{_type_text(field['type'])}{default}"


def _value_text(value: Any) -> str:
    return "null" if value is None else repr(value)


def _type_text(declared: Any) -> str:
    """Return a type as one short phrase."""
    match declared:
        case list():
            text = " or ".join(_type_text(branch) for branch in declared)
        case {"type": "array", "items": inner}:
            text = f"array of {_type_text(inner)}"
        case {"type": "map", "values": inner}:
            text = f"map of {_type_text(inner)}"
        case {"type": "enum", "symbols": symbols}:
            text = f"enum {_short(declared)} ({', '.join(symbols)})"
        case {"type": "record" | "fixed" as kind}:
            text = f"{kind} {_short(declared)}"
        case {"type": inner, "logicalType": logical}:
            text = f"{inner} ({logical})"
        case {"type": inner}:
            text = _type_text(inner)
        case name:
            text = str(name)
    return text
