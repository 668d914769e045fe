"""What a new version may change, and how it is told what breaks."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.avro.compatibility import Break, breaks, unreadable
from tasker_schemas.avro.versions import latest

E_AB = {"type": "enum", "name": "E", "symbols": ["a", "b"]}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}


def record_of(*types: Any, name: str = "R") -> dict[str, Any]:
    """A record with a field of each type: a, b, ..."""
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": "abcdef"[i], "type": declared} for i, declared in enumerate(types)],
    }


@pytest.mark.parametrize(
    ("older", "newer", "why"),
    [
        ("string", "int", "string became int"),
        ("long", "int", "long became int"),
        (["null", "string"], "string", "null became string"),
        ({"type": "array", "items": "string"}, {"type": "array", "items": "long"}, "string became long"),
        ({"type": "map", "values": ["null", "long"]}, {"type": "map", "values": ["null"]}, "long is not among null"),
        (E_AB, {**E_AB, "symbols": ["a"]}, "E lost b and has no default"),
        (E_AB, {**E_AB, "name": "F"}, "E became F"),
        ({"type": "fixed", "name": "F", "size": 8}, {"type": "fixed", "name": "F", "size": 9}, "8 bytes became 9"),
        (MICROS, MILLIS, "long (timestamp-micros) became long (timestamp-millis): the same bytes with another meaning"),
        (MICROS, ["null", "long"], "long (timestamp-micros) is not among null or long"),
    ],
)
def test_an_incompatible_change_of_a_type_is_named(older: Any, newer: Any, why: str) -> None:
    assert unreadable(record_of(older), record_of(newer)) == [f"a: {why}"]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("int", "double"),
        ("string", ["null", "string"]),
        (E_AB, {**E_AB, "symbols": ["a", "b", "c"]}),
        (E_AB, {**E_AB, "symbols": ["a"], "default": "a"}),
        (MICROS, ["null", MICROS]),
        ({"type": {"type": "string"}}, "string"),
    ],
)
def test_a_compatible_change_of_a_type_passes(older: Any, newer: Any) -> None:
    assert unreadable(record_of(older), record_of(newer)) == []


def test_a_field_inside_a_field_is_named_by_its_path() -> None:
    older, newer = record_of(record_of("long", name="Inner")), record_of(record_of("int", name="Inner"))
    assert unreadable(older, newer) == ["a.a: long became int"]


def test_a_type_that_is_only_referred_to_is_compared_as_if_it_stood_there() -> None:
    older = record_of(E_AB, "E")
    newer = record_of({**E_AB, "symbols": ["a"]}, "tasker.events.E")
    assert unreadable(older, newer) == ["a: E lost b and has no default", "b: E lost b and has no default"]


def test_a_renamed_field_needs_an_alias_or_a_default() -> None:
    renamed = {"type": "record", "name": "R", "fields": [{"name": "z", "type": "long"}]}
    assert unreadable(record_of("long"), renamed) == ["z: is new and has no default"]
    renamed["fields"][0]["aliases"] = ["a"]  # type: ignore[index]
    assert unreadable(record_of("long"), renamed) == []


def test_every_earlier_version_is_looked_at_and_named() -> None:
    first, second = latest("TaskEvent"), latest("StepEvent")
    candidate = {**second.declared, "fields": [{"name": "event_id", "type": "int"}]}
    found = breaks(candidate, [second])
    assert found == [Break(second.version, "event_id", "string became int")]
    assert str(found[0]) == f"cannot read version {second.version}: event_id: string became int"
    assert [str(problem) for problem in breaks(candidate, [first])] == [
        f"cannot read version {first.version}: (record): TaskEvent became StepEvent"
    ]


TYPES = st.recursive(
    st.sampled_from(["null", "boolean", "int", "long", "float", "double", "bytes", "string"]),
    lambda inner: st.one_of(
        inner.map(lambda items: {"type": "array", "items": items}),
        inner.map(lambda values: {"type": "map", "values": values}),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@given(TYPES)
def test_every_schema_reads_what_it_wrote(declared: Any) -> None:
    assert unreadable(record_of(declared), record_of(declared)) == []


@given(TYPES, TYPES)
def test_a_field_may_always_become_optional(declared: Any, other: Any) -> None:
    branches = declared if isinstance(declared, list) else [declared]
    assert unreadable(record_of(declared), record_of([other, *branches])) == []
