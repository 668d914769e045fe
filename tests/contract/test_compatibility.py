"""BACKWARD_TRANSITIVE: every version of a record can read the records of all versions before it."""

from __future__ import annotations

from typing import Any

import pytest

from tasker_schemas.schemas import Schema, all_schemas

WIDER = {
    "int": {"int", "long", "float", "double"},
    "long": {"long", "float", "double"},
    "float": {"float", "double"},
    "string": {"string", "bytes"},
    "bytes": {"bytes", "string"},
}


@pytest.mark.parametrize(
    ("older", "newer"),
    [(a, b) for a in all_schemas() for b in all_schemas() if a.record == b.record and a.version <= b.version],
    ids=lambda schema: f"{schema.record}.v{schema.version}",
)
def test_a_newer_version_reads_every_older_one(older: Schema, newer: Schema) -> None:
    assert breaks(older.declared, newer.declared) == []


@pytest.mark.parametrize(
    ("older", "newer", "why"),
    [
        ("string", "int", "string became int"),
        ("long", "int", "long became int"),
        (["null", "string"], "string", "null became string"),
        ({"type": "array", "items": "string"}, {"type": "array", "items": "long"}, "string became long"),
        ({"type": "map", "values": ["null", "long"]}, {"type": "map", "values": ["null"]}, "long became ['null']"),
        (
            {"type": "enum", "name": "E", "symbols": ["a", "b"]},
            {"type": "enum", "name": "E", "symbols": ["a"]},
            "E lost b and has no default",
        ),
    ],
)
def test_an_incompatible_change_of_a_type_is_found(older: Any, newer: Any, why: str) -> None:
    assert breaks(record_of(older), record_of(newer)) == [f"field: {why}"]


def test_a_new_field_without_a_default_is_found() -> None:
    assert breaks({"name": "R", "fields": []}, record_of("string")) == ["field is new and has no default"]


def test_a_new_field_a_wider_number_and_a_new_symbol_are_compatible() -> None:
    older = record_of("int", {"type": "enum", "name": "E", "symbols": ["a"], "default": "a"})
    newer = record_of("double", {"type": "enum", "name": "E", "symbols": ["a", "b"], "default": "a"})
    newer["fields"].append({"name": "new", "type": "string", "default": ""})
    assert breaks(older, newer) == []


def record_of(*types: Any) -> dict[str, Any]:
    """A record with a field of each type."""
    fields = [{"name": "field" if i == 0 else f"field{i}", "type": declared} for i, declared in enumerate(types)]
    return {"type": "record", "name": "R", "fields": fields}


def breaks(older: dict[str, Any], newer: dict[str, Any]) -> list[str]:
    """Say what keeps readers of `newer` from records of `older` (Avro 1.12, schema resolution)."""
    before = {field["name"]: field["type"] for field in older["fields"]}
    found = []
    for field in newer["fields"]:
        if field["name"] in before:
            found += [f"{field['name']}: {why}" for why in changes(before[field["name"]], field["type"])]
        elif "default" not in field:
            found.append(f"{field['name']} is new and has no default")
    return found


def changes(older: Any, newer: Any) -> list[str]:
    """Say why a value of type `older` cannot be read as `newer`."""
    if isinstance(older, list):
        return [why for branch in older for why in changes(branch, newer)]
    if isinstance(newer, list):
        return [] if any(changes(older, branch) == [] for branch in newer) else [f"{kind(older)} became {newer}"]
    if kind(newer) not in WIDER.get(kind(older), {kind(older)}):
        return [f"{kind(older)} became {kind(newer)}"]
    return changes_inside(older, newer)


def changes_inside(older: Any, newer: Any) -> list[str]:
    """Say why the parts of a value of type `older` cannot be read as those of `newer`, a type of the same kind."""
    match older, newer:
        case {"type": "array"}, {"items": items}:
            return changes(older["items"], items)
        case {"type": "map"}, {"values": values}:
            return changes(older["values"], values)
        case {"type": "record"}, {"fields": _}:
            return breaks(older, newer)
        case {"type": "enum"}, {"symbols": symbols}:
            lost = [symbol for symbol in older["symbols"] if symbol not in symbols]
            if lost and not newer.get("default"):
                return [f"{newer['name']} lost {', '.join(lost)} and has no default"]
    return []


def kind(declared: Any) -> str:
    """The Avro type of a schema, without logical types."""
    if not isinstance(declared, dict):
        return str(declared)
    return str(declared["type"]) if isinstance(declared["type"], str) else kind(declared["type"])
