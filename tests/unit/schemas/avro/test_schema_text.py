"""Schemas in words: every kind of type has its phrase, and a difference is told from the side of the newer version."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.avro.schema_text import differences, type_text
from tasker_schemas.avro.versions import Schema, all_schemas

ENUM = {"type": "enum", "name": "tasker.events.Colour", "symbols": ["RED", "BLUE"]}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
FIELDS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["int", "long", "string", "bytes"]))


def record_of(types: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": [{"name": name, "type": types[name]} for name in types]}


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("string", "string"),
        (["null", "int", MICROS], "null or int or long (timestamp-micros)"),
        ({"type": "array", "items": {"type": "map", "values": "int"}}, "array of map of int"),
        (ENUM, "enum Colour (RED, BLUE)"),
        ({"type": "fixed", "name": "a.Hash", "size": 8}, "fixed Hash"),
        ({"type": "record", "name": "a.Inner", "fields": []}, "record Inner"),
        ({"type": {"type": "array", "items": ENUM}}, "array of enum Colour (RED, BLUE)"),
        ({"type": "int"}, "int"),
    ],
)
def test_every_kind_of_type_has_its_phrase(declared: Any, expected: str) -> None:
    assert type_text(declared) == expected


def test_differences_name_each_field_that_is_added_dropped_or_changed() -> None:
    older, newer = record_of({"a": "long", "b": ENUM}), record_of({"a": "int", "new": MICROS})
    assert differences(older, newer) == [
        "- b: enum Colour (RED, BLUE)",
        "~ a: long -> int",
        "+ new: long (timestamp-micros)",
    ]


@pytest.mark.parametrize(("default", "text"), [(None, "null"), ("", "''"), (0, "0"), ("x", "'x'")])
def test_a_default_is_a_part_of_its_field(default: Any, text: str) -> None:
    older = record_of({"a": "string"})
    newer = {**older, "fields": [{**older["fields"][0], "default": default}]}
    assert differences(older, newer) == [f"~ a: string -> string = {text}"]


@pytest.mark.parametrize("schema", all_schemas(), ids=lambda schema: f"{schema.record}.v{schema.version}")
def test_a_shipped_version_does_not_differ_from_itself(schema: Schema) -> None:
    assert differences(schema.declared, schema.declared) == []


@given(FIELDS, FIELDS)
def test_a_field_is_dropped_one_way_exactly_when_it_is_added_the_other_way(
    older: dict[str, str], newer: dict[str, str]
) -> None:
    forth, back = differences(record_of(older), record_of(newer)), differences(record_of(newer), record_of(older))
    dropped = {line[2:] for line in forth if line.startswith("-")}
    assert dropped == {line[2:] for line in back if line.startswith("+")}
    assert dropped == {f"{name}: {older[name]}" for name in older.keys() - newer.keys()}


@given(FIELDS, FIELDS)
def test_a_field_that_both_have_is_changed_exactly_when_its_type_is_another(
    older: dict[str, str], newer: dict[str, str]
) -> None:
    changed = {line for line in differences(record_of(older), record_of(newer)) if line.startswith("~")}
    common = older.keys() & newer.keys()
    assert changed == {f"~ {n}: {older[n]} -> {newer[n]}" for n in common if older[n] != newer[n]}
