"""Named types: found wherever a schema defines them, and put in the place of every reference."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.avro.named_types import NAMED_KINDS, definitions, resolved, short_name

HASH = {"type": "fixed", "name": "tasker.events.Hash", "size": 8}
WRAPPERS = {
    "itself": lambda inner: inner,
    "union": lambda inner: ["null", inner],
    "array": lambda inner: {"type": "array", "items": inner},
    "map": lambda inner: {"type": "map", "values": inner},
    "wrapper": lambda inner: {"type": inner},
    "field": lambda inner: {"type": "record", "name": "Outer", "fields": [{"name": "f", "type": inner}]},
}
PATHS = st.lists(st.sampled_from(list(WRAPPERS.values())), max_size=6)


@given(PATHS)
def test_a_definition_is_found_at_any_depth(path: list[Any]) -> None:
    schema: Any = HASH
    for wrap in path:
        schema = wrap(schema)
    assert definitions(schema)["Hash"] == HASH


@pytest.mark.parametrize("kind", NAMED_KINDS)
def test_every_named_kind_is_a_definition(kind: str) -> None:
    declared = {"type": kind, "name": "a.b.Short"}
    assert definitions(declared) == {"Short": declared}


def test_a_record_and_the_types_of_its_fields_are_all_definitions() -> None:
    enum = {"type": "enum", "name": "Colour", "symbols": ["RED"]}
    record = {"type": "record", "name": "R", "fields": [{"name": "a", "type": HASH}, {"name": "b", "type": enum}]}
    assert definitions(record) == {"R": record, "Hash": HASH, "Colour": enum}


@pytest.mark.parametrize(
    "schema", ["string", "Hash", {"type": "long"}, ["null", "int"], {"type": "map", "values": "int"}]
)
def test_types_without_a_name_define_nothing(schema: Any) -> None:
    assert definitions(schema) == {}


@pytest.mark.parametrize("reference", ["Hash", "tasker.events.Hash", "elsewhere.Hash"])
def test_a_reference_becomes_its_definition_with_any_namespace(reference: str) -> None:
    assert resolved(reference, {"Hash": HASH}) == HASH


@given(st.integers(0, 5))
def test_wrappers_are_taken_away_before_and_after_a_reference(depth: int) -> None:
    wrapped: Any = HASH
    for _ in range(depth):
        wrapped = {"type": wrapped}
    assert resolved(wrapped, {}) == resolved("Hash", {"Hash": wrapped}) == HASH


@given(PATHS)
def test_resolving_a_second_time_changes_nothing(path: list[Any]) -> None:
    declared: Any = "Hash"
    for wrap in path:
        declared = wrap(declared)
    first = resolved(declared, {"Hash": HASH})
    assert resolved(first, {"Hash": HASH}) == first


def test_a_name_without_a_definition_stays_a_name() -> None:
    assert resolved("string", {"Hash": HASH}) == "string"
    assert resolved({"type": {"type": "Other"}}, {"Hash": HASH}) == {"type": "Other"}


def test_the_short_name_is_the_last_part_and_empty_for_a_type_without_a_name() -> None:
    assert [short_name(declared) for declared in (HASH, {"name": "Plain"}, {"type": "int"})] == ["Hash", "Plain", ""]
