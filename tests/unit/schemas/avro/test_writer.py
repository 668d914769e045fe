"""The writer in C: what fastavro writes, it writes; what would become something else, it refuses."""

from __future__ import annotations

import importlib
import io
import subprocess
import sys
from collections import OrderedDict
from contextlib import suppress
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.avro.codec import Decoder, Writer, encode, single_object_frame
from tasker_schemas.avro.versions import all_schemas, latest
from tasker_schemas.errors import UsageError
from tests.unit.schemas.avro.test_reader import SCHEMAS, record_of, values_of

RECORDS = sorted({schema.record for schema in all_schemas()})
STATISTICS = ("StatsWindow", "TaskStats")
STATS = {
    "task_id": "42", "status": "complete", "created_at": -1, "duration_s": 0.5, "critical_path": ["a", "é"],
    "first_error": {"error_class": "Timeout"}, "revision": 2**62,
}  # fmt: skip


class Text(StrEnum):
    A = "a"


class Number(IntEnum):
    ONE = 1


def native(schema: Any) -> Writer:
    """A writer in C, where there is one."""
    module = pytest.importorskip("tasker_schemas.avro._writer_c", reason="installed without a C compiler")
    found: Writer = module.NativeWriter(schema)
    return found


def general(schema: Any, record: Any) -> bytes:
    """What fastavro writes."""
    out = io.BytesIO()
    schemaless_writer(out, schema, record, disable_tuple_notation=True)
    return out.getvalue()


def parsed(kind: Any) -> Any:
    """A record with one field, as fastavro has it."""
    return parse_schema(record_of(kind))


def disguised(value: Any, choose: st.DataObject) -> Any:
    """The same value in other classes."""
    if isinstance(value, dict):
        inner = {key: disguised(item, choose) for key, item in value.items()}
        return choose.draw(st.sampled_from([dict, OrderedDict, MappingProxyType]))(inner)
    if isinstance(value, list):
        return choose.draw(st.sampled_from([list, tuple]))([disguised(item, choose) for item in value])
    for kind in (str, int, float):
        if type(value) is kind and choose.draw(st.booleans()):
            return type("Other", (kind,), {})(value)
    return value


@pytest.mark.parametrize("record", RECORDS)
@given(data=st.data(), frame=st.binary(max_size=12))
def test_a_record_is_written_as_fastavro_does(record: str, data: st.DataObject, frame: bytes) -> None:
    schema = latest(record).plain
    value = data.draw(values_of(schema, {}))
    assert encode(record, value, frame) == frame + general(schema, value)


@pytest.mark.parametrize("record", STATISTICS)
def test_statistics_are_written_in_c_where_there_is_a_compiler(record: str) -> None:
    write = native(latest(record).plain)
    value = {"task_id": "42", "kind": "task", "name": "n", "window_start": 0, "window_s": 60, "partition": 0}
    assert write(value, b"") == general(latest(record).plain, value)


@pytest.mark.parametrize("record", STATISTICS)
@given(data=st.data())
def test_values_of_other_classes_are_written_as_what_they_are(record: str, data: st.DataObject) -> None:
    value = data.draw(values_of(latest(record).plain, {}))
    assert encode(record, disguised(value, data), b"") == general(latest(record).plain, value)


@pytest.mark.parametrize("record", RECORDS)
@given(data=st.data())
def test_what_is_absent_has_its_default_or_is_refused(record: str, data: st.DataObject) -> None:
    schema = latest(record).plain
    value = data.draw(values_of(schema, {}))
    for name in data.draw(st.sets(st.sampled_from(sorted(value)))):
        del value[name]
    expected = None
    with suppress(ValueError):
        expected = general(schema, value)
    if expected is None:
        with pytest.raises(UsageError, match=f"{record}: .*no value"):
            encode(record, value)
    else:
        assert encode(record, value, b"") == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", True), ("long", Number.ONE), ("double", 7), ("double", -(2**70)), ("double", False),
        ("string", Text.A), ("string", "\x00é\U0001f600"), ("string", "é" * 100_000),
        ({"type": "enum", "name": "E", "symbols": ["b", "a"]}, Text.A),
        ({"type": "array", "items": "string"}, ("array", Text.A)),
        (["null", {"type": "array", "items": "string"}], ("array", "a")),
        (["null", {"type": "array", "items": "string"}], ()),
        (["double", "null"], 3), (["double", "null"], None),
        ({"type": "map", "values": ["null", "boolean"]}, {Text.A: True, "": None, "b": False}),
        ({"type": "array", "items": {"type": "map", "values": "int"}}, [{}, {"a": -(2**31)}, {"b": 2**31 - 1}]),
        ("null", None), ("boolean", True),
    ],
)  # fmt: skip
def test_what_fastavro_is_lax_with_on_purpose_is_taken_too(kind: Any, value: Any) -> None:
    assert native(parsed(kind))({"x": value}, b"frame") == b"frame" + general(parsed(kind), {"x": value})


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("null", 0), ("boolean", 1), ("boolean", "true"), ("int", 1.0), ("int", None), ("int", "1"), ("int", 2**31),
        ("int", -(2**31) - 1), ("long", 2**63), ("long", -(2**63) - 1), ("long", 2**2000), ("long", b"1"),
        ("double", "nan"), ("double", 2**2000), ("double", None), ("string", b"a"), ("string", 7),
        ("string", "a\ud800"), (["null", "string"], ("string", "a")), (["null", "long"], True),
        (["null", "int"], 2**31), ({"type": "enum", "name": "E", "symbols": ["a"]}, "b"),
        ({"type": "enum", "name": "E", "symbols": ["a"]}, 0), ({"type": "enum", "name": "E", "symbols": ["a"]}, ["a"]),
        ({"type": "array", "items": "string"}, "text"), ({"type": "array", "items": "string"}, {"a"}),
        ({"type": "array", "items": "string"}, ["a", 1]), ({"type": "map", "values": "long"}, [("a", 1)]),
        ({"type": "map", "values": "long"}, {1: 1}), ({"type": "map", "values": "long"}, {"a": 1, "b": "c"}),
        ({"type": "record", "name": "I", "fields": [{"name": "y", "type": "int"}]}, [1]),
        ({"type": "record", "name": "I", "fields": [{"name": "y", "type": "int"}]}, {}),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_the_name_of_its_field(kind: Any, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"^x: "):
        native(parsed(kind))({"x": value}, b"")


WRONG: dict[str, list[Any]] = {
    "task_id": [None, b"42", "\ud800"], "status": ["gone", 4], "created_at": [2**63, "now", 1.5],
    "duration_s": ["long", True, 2**2000], "total_steps": [None, 2**63, "1"], "critical_path": ["abc", [1], {"a": 1}],
    "first_error": [[], {"attempt_number": 2**31}, {"step_id": 7}], "revision": ["1", -(2**63) - 1],
}  # fmt: skip


@pytest.mark.parametrize(("name", "wrong"), [(name, wrong) for name, several in WRONG.items() for wrong in several])
def test_a_value_that_does_not_fit_is_the_callers_mistake(name: str, wrong: Any) -> None:
    with pytest.raises(UsageError, match="TaskStats: "):
        encode("TaskStats", STATS | {name: wrong})


@pytest.mark.parametrize("wrong", [None, 7, "text", [], {1, 2}])
def test_what_is_no_record_is_the_callers_mistake(wrong: Any) -> None:
    with pytest.raises(UsageError, match="TaskStats: "):
        encode("TaskStats", wrong)


@pytest.mark.parametrize(
    "kind",
    [
        ["null", "int", "string"], ["int"], ["null"], ["int", "string"], "bytes", "R",
        {"type": "array", "items": "float"}, {"type": "fixed", "name": "F", "size": 1},
    ],
)  # fmt: skip
def test_a_type_that_our_statistics_do_not_have_is_refused_at_once(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        native(record_of(kind))


def test_a_default_that_does_not_fit_is_refused_at_once() -> None:
    field = {"name": "x", "type": "double", "default": "NaN"}
    with pytest.raises(ValueError, match="default of x"):
        native({"type": "record", "name": "R", "fields": [field]})


def test_only_the_events_are_left_to_fastavro() -> None:
    written = set()
    for name, schema in SCHEMAS.items():
        with suppress(ValueError):
            native(schema)
            written.add(name)
    assert written == {name for name in SCHEMAS if name.partition(".")[0] in STATISTICS}


def test_a_mapping_that_takes_its_values_away_does_no_harm() -> None:
    class Evil(str):
        __slots__ = ()

        def __hash__(self) -> int:
            record.clear()
            return hash(str(self))

    record: dict[str, Any] = {"x": Evil("a" * 3)}
    enum = {"type": "enum", "name": "E", "symbols": ["aaa"]}
    schema = {"type": "record", "name": "R", "fields": [{"name": n, "type": enum if n == "x" else "E"} for n in "xy"]}
    with pytest.raises(ValueError, match=r"^y: there is no value"):
        native(schema)(record, b"")


WITHOUT_C = f"""
import sys
sys.modules["tasker_schemas.avro._writer_c"] = None
from tasker_schemas.avro.codec import encode
from tasker_schemas.errors import UsageError
try:
    encode("TaskStats", {{"task_id": 7}})
except UsageError:
    print(encode("TaskStats", {STATS!r}).hex())
"""


def test_without_a_compiler_the_bytes_are_the_same() -> None:
    told = subprocess.run([sys.executable, "-c", WITHOUT_C], check=True, capture_output=True, text=True)
    value = bytes.fromhex(told.stdout)
    assert value == encode("TaskStats", STATS) == single_object_frame("TaskStats") + value[10:]
    assert Decoder().decode("TaskStats", value).items() >= {"task_id": "42", "critical_path": ["a", "é"]}.items()


def test_the_module_is_there_when_the_reader_is() -> None:
    pytest.importorskip("tasker_schemas.avro._reader_c", reason="installed without a C compiler")
    assert importlib.import_module("tasker_schemas.avro._writer_c")
