"""Logical types of foreign versions: a moment never becomes another one, on any field, nested or optional."""

import io
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.avro.codec import Decoder, confluent_frame
from tasker_schemas.avro.logical_types import conversion_of
from tasker_schemas.avro.versions import all_schemas, latest, without_logical_types
from tasker_schemas.errors import PoisonReason, PoisonRecord

MICROS = {"type": "long", "logicalType": "timestamp-micros"}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
NANOS = {"type": "long", "logicalType": "timestamp-nanos"}
SECOND = 1_760_000_000
MOMENTS = [
    pytest.param(MILLIS, SECOND * 1000, id="millis"),
    pytest.param(MICROS, SECOND * 1_000_000, id="micros"),
    pytest.param(NANOS, SECOND * 1_000_000_000, id="nanos"),
    pytest.param("long", SECOND * 1_000_000, id="plain"),
]
REFUSED = [
    {"type": "int", "logicalType": "date"},
    {"type": "int", "logicalType": "time-millis"},
    {"type": "int", "logicalType": "timestamp-millis"},
    {"type": "long", "logicalType": "time-micros"},
    *({"type": "long", "logicalType": f"local-timestamp-{unit}"} for unit in ("millis", "micros", "nanos")),
]
TIMES = [
    (record, field["name"])
    for record in sorted({schema.record for schema in all_schemas()})
    for field in latest(record).declared["fields"]
    if "timestamp-micros" in str(field["type"])
]


def foreign(record: str, name: str, declared: Any) -> dict[str, Any]:
    """Return the newest version of a record with another type of one field, which has no default then."""
    newest = latest(record).declared
    changed = {"name": name, "type": declared}
    fields = [changed if field["name"] == name else field for field in newest["fields"]]
    return {**newest, "fields": fields}


def optional(record: str, name: str, declared: Any) -> Any:
    """Return a type as the record has it: with null if the field may be null."""
    field = next(field for field in latest(record).declared["fields"] if field["name"] == name)
    return ["null", declared] if isinstance(field["type"], list) else declared


def minimal(record: str) -> dict[str, Any]:
    samples = {"string": "x", "enum": "task"}
    fields = latest(record).declared["fields"]
    kinds = {field["name"]: field["type"] for field in fields if "default" not in field}
    return {n: samples.get(k if isinstance(k, str) else k["type"], 60) for n, k in kinds.items()}


def decoded(record: str, schema: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a record that was written by a foreign schema, as our reader shows it."""
    body = io.BytesIO()
    schemaless_writer(body, parse_schema(without_logical_types(schema)), {**minimal(record), **fields})
    return Decoder({7: schema}.__getitem__).decode(record, confluent_frame(7) + body.getvalue())


@pytest.mark.parametrize(("record", "name"), TIMES)
@pytest.mark.parametrize(("declared", "value"), MOMENTS)
def test_a_moment_in_any_unit_is_the_same_moment(record: str, name: str, declared: Any, value: int) -> None:
    schema = foreign(record, name, optional(record, name, declared))
    assert decoded(record, schema, **{name: value})[name] == SECOND * 1_000_000


@pytest.mark.parametrize(("record", "name"), TIMES)
@pytest.mark.parametrize("declared", REFUSED, ids=lambda declared: f"{declared['type']}-{declared['logicalType']}")
def test_a_logical_type_that_is_no_moment_makes_a_dead_letter_that_names_it(
    record: str, name: str, declared: Any
) -> None:
    with pytest.raises(PoisonRecord, match=rf"schema 7: {name} is .*{declared['logicalType']}") as refused:
        decoded(record, foreign(record, name, optional(record, name, declared)), **{name: 1})
    assert refused.value.reason is PoisonReason.FOREIGN_SCHEMA


def test_null_stays_null_in_an_optional_moment() -> None:
    schema = foreign("TaskEvent", "completed_at", ["null", MILLIS])
    assert decoded("TaskEvent", schema, completed_at=None)["completed_at"] is None


def test_a_moment_that_our_field_leaves_optional_may_be_required() -> None:
    schema = foreign("TaskEvent", "completed_at", MILLIS)
    assert decoded("TaskEvent", schema, completed_at=5)["completed_at"] == 5000


@pytest.mark.parametrize(
    ("record", "name", "declared", "value"),
    [
        ("TaskEvent", "total_steps", ["null", {"type": "int", "logicalType": "date"}], 1),
        ("TaskEvent", "execution_duration", ["null", {"type": "long", "logicalType": "time-micros"}], 1),
        ("TaskEvent", "attributes", {"type": "map", "values": ["null", MILLIS]}, {"a": 1}),
        ("TaskEvent", "task_name", ["null", {"type": "bytes", "logicalType": "decimal", "precision": 4}], b"x"),
    ],
)
def test_a_logical_type_where_we_have_none_makes_a_dead_letter(
    record: str, name: str, declared: Any, value: Any
) -> None:
    with pytest.raises(PoisonRecord, match=rf"schema 7: {name} is "):
        decoded(record, foreign(record, name, declared), **{name: value})


@pytest.mark.parametrize("logical", ["uuid", "varchar", 7, None])
def test_a_logical_type_that_avro_does_not_define_for_numbers_is_ignored(logical: Any) -> None:
    schema = foreign("TaskEvent", "event_id", {"type": "string", "logicalType": logical})
    assert decoded("TaskEvent", schema, event_id="e1")["event_id"] == "e1"


def test_two_units_in_one_union_cannot_be_told_apart() -> None:
    schema = foreign("TaskEvent", "completed_at", ["null", "int", MILLIS])
    with pytest.raises(PoisonRecord, match="cannot be told apart"):
        decoded("TaskEvent", schema, completed_at=1)


def test_a_moment_that_does_not_fit_in_microseconds_is_malformed() -> None:
    with pytest.raises(PoisonRecord, match="too large") as refused:
        decoded("TaskEvent", foreign("TaskEvent", "timestamp", MILLIS), timestamp=2**62)
    assert refused.value.reason is PoisonReason.MALFORMED


def record_of(inner: Any) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": [{"name": "a", "type": inner}]}


@pytest.mark.parametrize(
    ("wrap", "value", "converted"),
    [
        (lambda inner: {"type": "array", "items": inner}, {"a": [1, 2]}, {"a": [1000, 2000]}),
        (lambda inner: {"type": "map", "values": inner}, {"a": {"k": 1}}, {"a": {"k": 1000}}),
        (lambda inner: {"type": "array", "items": ["null", inner]}, {"a": [None, 2]}, {"a": [None, 2000]}),
        (lambda inner: ["null", {"type": "array", "items": record_of(inner)}], {"a": [{"a": 3}]}, {"a": [{"a": 3000}]}),
        (lambda inner: ["null", {**record_of(inner), "name": "S"}], {"a": {"a": 4}}, {"a": {"a": 4000}}),
        (lambda inner: ["string", {"type": "map", "values": inner}], {"a": {"b": 5}}, {"a": {"b": 5000}}),
        (lambda inner: ["string", {"type": "map", "values": inner}], {"a": "text"}, {"a": "text"}),
        (lambda inner: ["boolean", inner], {"a": True}, {"a": True}),
    ],
)
def test_moments_are_converted_wherever_they_are_nested(wrap: Any, value: Any, converted: Any) -> None:
    convert = conversion_of(record_of(wrap(MILLIS)), record_of(wrap(MICROS)))
    assert convert is not None
    assert convert(value) == converted


def test_a_moment_behind_an_alias_and_a_reference_is_converted() -> None:
    nested = {"type": "record", "name": "T", "fields": [{"name": "at", "type": MILLIS}]}
    writer = {"type": "record", "name": "R", "fields": [{"name": "old", "type": nested}, {"name": "b", "type": "n.T"}]}
    ours = {**nested, "fields": [{"name": "at", "type": MICROS}]}
    fields = [{"name": "new", "aliases": ["old"], "type": ours}, {"name": "b", "type": "T"}]
    convert = conversion_of(writer, {"type": "record", "name": "R", "fields": fields})
    assert convert is not None
    assert convert({"new": {"at": 1}, "b": {"at": 2}}) == {"new": {"at": 1000}, "b": {"at": 2000}}


@given(st.sampled_from(all_schemas()))
def test_our_own_versions_need_no_conversion(schema: Any) -> None:
    assert conversion_of(schema.declared, latest(schema.record).declared) is None
