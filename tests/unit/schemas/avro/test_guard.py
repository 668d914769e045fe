"""The guard: a writer's schema is ours and bounded, or its records are never read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.avro.guard import MAX_RECORD_BYTES, MAX_SCHEMA_DEPTH, check_size, check_writer_schema
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tests.support.schemas.forged import custom_event_schema

OURS = "tasker.events.CustomEvent"
NULL_RECORD = {"type": "record", "name": "Empty", "fields": []}


def reason_of(schema: Any) -> PoisonReason | None:
    """Why the guard refuses a schema, if it does."""
    try:
        check_writer_schema(schema, OURS)
    except PoisonRecord as poison:
        return poison.reason
    return None


def test_a_value_of_the_greatest_size_is_still_read() -> None:
    assert check_size(bytes(MAX_RECORD_BYTES)) == bytes(MAX_RECORD_BYTES)


@pytest.mark.parametrize(
    ("value", "reason"),
    [(None, PoisonReason.NULL_VALUE), (bytes(MAX_RECORD_BYTES + 1), PoisonReason.TOO_LARGE)],
    ids=["none", "huge"],
)
def test_a_value_that_no_record_has_is_refused(value: bytes | None, reason: PoisonReason) -> None:
    with pytest.raises(PoisonRecord) as poison:
        check_size(value)
    assert poison.value.reason is reason


@pytest.mark.parametrize(
    "name", [{"name": "CustomEvent"}, {"name": "tasker.events.CustomEvents"}, {"name": "other.CustomEvent"}, {}]
)
def test_only_records_of_the_expected_name_are_read(name: dict[str, str]) -> None:
    assert reason_of({"type": "record", "fields": [], **name}) is PoisonReason.FOREIGN_SCHEMA


@pytest.mark.parametrize(
    "field",
    [
        "string",
        ["null", "string"],
        ["null", NULL_RECORD],
        {"type": "array", "items": {"type": "array", "items": "long"}},
        {"type": "map", "values": ["null", "boolean", "long", "double", "string"]},
        {"type": "long", "logicalType": "timestamp-micros"},
        {"type": "enum", "name": "State", "symbols": ["a"]},
        {"type": "fixed", "name": "Hash", "size": 8},
        {"type": {"type": "string"}},
    ],
)
def test_what_our_versions_could_ever_need_is_accepted(field: Any) -> None:
    assert reason_of(custom_event_schema(("more", field))) is None


@pytest.mark.parametrize(
    "field",
    [
        "null",
        NULL_RECORD,
        {"type": "array", "items": "null"},
        {"type": "map", "values": "null"},
        {"type": "array", "items": {"type": "fixed", "name": "Nothing", "size": 0}},
        {"type": "array", "items": {"type": "fixed", "name": "Nothing", "size": -8}},
        {"type": "array", "items": NULL_RECORD},
    ],
)
def test_what_takes_no_byte_may_not_be_announced(field: Any) -> None:
    assert reason_of(custom_event_schema(("more", field))) is PoisonReason.BOMB


@pytest.mark.parametrize(
    "field",
    [
        OURS,
        ["null", "CustomEvent"],
        {"type": "record", "name": "CustomEvent", "fields": []},
        {"type": "record", "name": "A", "fields": [{"name": "again", "type": {"type": "map", "values": "A"}}]},
    ],
)
def test_a_schema_that_contains_itself_is_refused(field: Any) -> None:
    assert reason_of(custom_event_schema(("more", field))) is PoisonReason.FOREIGN_SCHEMA


def test_a_type_may_not_be_defined_twice() -> None:
    tall = {"type": "enum", "name": "x.State", "symbols": ["a"]}
    schema = custom_event_schema(("one", tall), ("two", {"type": "fixed", "name": "y.State", "size": 4}))
    assert reason_of(schema) is PoisonReason.FOREIGN_SCHEMA


def test_a_type_may_be_used_again_by_its_name() -> None:
    state = {"type": "enum", "name": "State", "symbols": ["a"]}
    assert reason_of(custom_event_schema(("one", state), ("two", "tasker.events.State"))) is None


@pytest.mark.parametrize("depth", [MAX_SCHEMA_DEPTH, 10_000])
def test_a_schema_nested_without_end_is_refused(depth: int) -> None:
    field: Any = "long"
    for _ in range(depth):
        field = {"type": "array", "items": field}
    assert reason_of(custom_event_schema(("more", field))) is PoisonReason.FOREIGN_SCHEMA


def test_a_tower_of_records_side_by_side_is_refused() -> None:
    fields: list[tuple[str, Any]] = []
    inner = "long"
    for floor in range(10_000):
        fields.append((f"f{floor}", {"type": "record", "name": f"R{floor}", "fields": [{"name": "x", "type": inner}]}))
        inner = f"R{floor}"
    assert reason_of(custom_event_schema(*fields)) is PoisonReason.FOREIGN_SCHEMA


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["null", "long", "record", "A"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "name", "fields", "items", "values", "size", "symbols", "namespace"]), inner
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_no_json_makes_the_guard_fail_otherwise(field: Any) -> None:
    assert reason_of(field) is not None
    assert reason_of(custom_event_schema(("more", field))) in {None, PoisonReason.FOREIGN_SCHEMA, PoisonReason.BOMB}
    reason_of({"name": OURS, "type": "record", "fields": [field]})
