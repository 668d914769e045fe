"""Avro records as JSON schemas, so that an answer has the description of its record."""

from collections.abc import Callable, Mapping
from typing import Any

from tasker_schemas.avro.versions import latest

_PLAIN: Mapping[str, Mapping[str, Any]] = {
    "null": {"type": "null"},
    "boolean": {"type": "boolean"},
    "int": {"type": "integer"},
    "long": {"type": "integer"},
    "double": {"type": "number"},
    "string": {"type": "string"},
}


def schema_of(record: str) -> dict[str, Any]:
    """Return the JSON schema of the newest version of a record.

    >>> schema_of("TaskStats")["properties"]["duration_s"]
    {'type': ['number', 'null'], 'description': 'Seconds from started to completed.'}
    """
    return _schema(latest(record).declared)


def _schema(avro: Any) -> dict[str, Any]:
    if isinstance(avro, str):
        return dict(_PLAIN[avro])
    if isinstance(avro, list):
        return _union([_schema(branch) for branch in avro if branch != "null"], nullable="null" in avro)
    make = _NESTED.get(avro["type"])
    return _schema(avro["type"]) if make is None else make(avro)  # a logical type says nothing in JSON


def _record(avro: Mapping[str, Any]) -> dict[str, Any]:
    fields = {field["name"]: {**_schema(field["type"]), **_description(field)} for field in avro["fields"]}
    return {
        "title": avro["name"],
        "type": "object",
        **_description(avro),
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _description(avro: Mapping[str, Any]) -> dict[str, str]:
    return {"description": avro["doc"]} if "doc" in avro else {}


def _union(branches: list[dict[str, Any]], *, nullable: bool) -> dict[str, Any]:
    if len(branches) == 1 and nullable and isinstance(branches[0].get("type"), str) and "title" not in branches[0]:
        return {**branches[0], "type": [branches[0]["type"], "null"]}
    return {"anyOf": [*branches, *([{"type": "null"}] if nullable else [])]}


_NESTED: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "record": _record,
    "enum": lambda avro: {"type": "string", "enum": avro["symbols"]},
    "array": lambda avro: {"type": "array", "items": _schema(avro["items"])},
    "map": lambda avro: {"type": "object", "additionalProperties": _schema(avro["values"])},
}
