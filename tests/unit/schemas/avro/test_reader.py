"""Readers, in C and in Python: what fastavro reads, they read; what harms, they refuse."""

from __future__ import annotations

import importlib
import io
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from fastavro import schemaless_reader, schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st

from tasker_schemas.avro._reader_py import python_reader
from tasker_schemas.avro.reader import Reader, make_reader
from tasker_schemas.avro.versions import all_schemas
from tests.support.scale import SCALE
from tests.support.schemas.forged import avro_long, avro_string
from tests.support.schemas.golden_examples import golden_examples

SCHEMAS = {f"{schema.record}.v{schema.version}": schema.plain for schema in all_schemas()}
Maker = Callable[..., Reader]
MAKERS: dict[str, Maker] = {"python": python_reader}
with suppress(ImportError):
    MAKERS["native"] = importlib.import_module("tasker_schemas.avro._reader_c").NativeReader
READERS = {(kind, name): make(plain) for kind, make in MAKERS.items() for name, plain in SCHEMAS.items()}
GOLDEN = {f"{g.schema.record}.v{g.schema.version}": g.single_object_file.read_bytes()[10:] for g in golden_examples()}
REFUSALS = (IndexError, EOFError, ValueError, struct.error)
PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False),
    "string": st.text(max_size=200),
}


def values_of(schema: Any, named: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Any value that a schema allows."""
    found: st.SearchStrategy[Any]
    match named.get(schema, schema) if isinstance(schema, str) else schema:
        case [*branches]:
            found = st.one_of([values_of(branch, named) for branch in branches])
        case {"type": "record", "fields": fields}:
            found = st.fixed_dictionaries({field["name"]: values_of(field["type"], named) for field in fields})
        case {"type": "enum", "symbols": symbols, "name": name} as enum:
            named[name] = enum
            found = st.sampled_from(symbols)
        case {"type": "array", "items": items}:
            found = st.lists(values_of(items, named), max_size=3)
        case {"type": "map", "values": values}:
            found = st.dictionaries(st.text(max_size=5), values_of(values, named), max_size=3)
        case {"type": inner}:
            found = values_of(inner, named)
        case primitive:
            found = PRIMITIVES[primitive]
    return found


def refused(read: Any, value: bytes) -> bool:
    """Whether a reader does not take exactly these bytes."""
    try:
        return bool(read(value, 0)[1] != len(value))
    except REFUSALS:
        return True


@pytest.fixture(params=["native", "python"])
def make(request: pytest.FixtureRequest) -> Maker:
    """What makes readers."""
    if request.param not in MAKERS:
        pytest.skip("installed without a C compiler: there is no native reader")
    return MAKERS[request.param]


@pytest.mark.parametrize(("kind", "name"), READERS)
@settings(max_examples=40 * SCALE)
@given(data=st.data())
def test_a_reader_reads_what_fastavro_wrote(kind: str, name: str, data: st.DataObject) -> None:
    record = data.draw(values_of(SCHEMAS[name], {}))
    out = io.BytesIO()
    schemaless_writer(out, SCHEMAS[name], record)
    assert READERS[kind, name](out.getvalue(), 0) == (record, len(out.getvalue()))


@pytest.mark.parametrize(("kind", "name"), READERS)
@given(data=st.data())
def test_what_a_reader_takes_from_damaged_bytes_fastavro_takes_too(kind: str, name: str, data: st.DataObject) -> None:
    golden = GOLDEN[name]
    at = data.draw(st.integers(0, len(golden)))
    value = golden[:at] + data.draw(st.binary(max_size=4)) + golden[at + data.draw(st.integers(0, 4)) :]
    if not refused(READERS[kind, name], value):
        body = io.BytesIO(value)
        theirs: Any = schemaless_reader(body, SCHEMAS[name], None)
        # As text: a damaged double may be no number, which is unlike itself.
        assert repr(READERS[kind, name](value, 0)) == repr((theirs, body.tell()))


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_number_of_64_bits_is_read(number: int) -> None:
    value = avro_long(number)
    for make in MAKERS.values():
        assert make(record_of("long"))(value, 0) == ({"x": number}, len(value))


@pytest.mark.parametrize("value", [b"\xff" * 10 + b"\x01", b"\xff" * 9 + b"\x02", b"\x80" * 30 + b"\x00"])
def test_a_number_of_more_than_64_bits_is_refused(make: Maker, value: bytes) -> None:
    with pytest.raises(ValueError, match="more than 64 bits"):
        make(record_of("long"))(value, 0)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", avro_long(-1) + b"abc"),
        ("string", avro_long(-1000) + b"abc"),
        (["null", "string"], avro_long(-1) + avro_string("a")),
        (["null", "string"], avro_long(2) + avro_string("a")),
        ({"type": "enum", "name": "E", "symbols": ["a", "b"]}, avro_long(-1)),
        ({"type": "enum", "name": "E", "symbols": ["a", "b"]}, avro_long(2)),
        ("string", avro_long(1) + b"\xff"),
    ],
)
def test_a_negative_length_or_an_index_out_of_range_is_refused(make: Maker, kind: Any, value: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        make(record_of(kind))(value, 0)


@pytest.mark.parametrize("count", [avro_long(2) + b"", avro_long(-2) + avro_long(4)])
def test_items_come_in_blocks_with_and_without_their_size(make: Maker, count: bytes) -> None:
    value = count + avro_string("a") + avro_string("b") + avro_long(1) + avro_string("c") + avro_long(0)
    read = make(record_of({"type": "array", "items": "string"}))
    assert read(value, 0) == ({"x": ["a", "b", "c"]}, len(value))


def record_of(kind: Any) -> dict[str, Any]:
    """A record with one field."""
    return {"type": "record", "name": "R", "fields": [{"name": "x", "type": kind}]}


def test_readers_are_in_c_where_they_can_be() -> None:
    best: Maker = MAKERS.get("native", python_reader)
    assert type(make_reader(record_of("long"))) is type(best(record_of("long")))


@given(st.sampled_from(sorted(SCHEMAS)), st.data())
def test_both_readers_keep_the_same_and_see_the_same_damage(name: str, data: st.DataObject) -> None:
    golden, fields = GOLDEN[name], [field["name"] for field in SCHEMAS[name]["fields"]]
    at = data.draw(st.integers(0, len(golden)))
    value = golden[:at] + data.draw(st.binary(max_size=4)) + golden[at + data.draw(st.integers(0, 4)) :]
    kept = data.draw(st.sets(st.sampled_from(fields)))
    told = [
        repr(None if refused(read, value) else read(value, 0))
        for read in (make(SCHEMAS[name], kept) for make in MAKERS.values())
    ]
    assert len(set(told)) == 1
