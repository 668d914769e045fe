"""Attributes in protobuf's wire format: the compiled writer and the one in Python write the same bytes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import KeyValueList

from tasker_consumers.telemetry.export.protobuf import attributes, python_attributes

TAG = b"\x0a"  # of the pairs in a KeyValueList
TEXTS = st.text(max_size=200) | st.text("é€😀", max_size=60)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
SINGLE = st.booleans() | INTEGERS | st.floats(allow_nan=False) | TEXTS
VALUES = SINGLE | st.lists(SINGLE, max_size=150) | st.lists(st.lists(SINGLE, max_size=3), max_size=3)


@given(st.dictionaries(TEXTS, VALUES, max_size=8), st.sampled_from([TAG, b"\x82\x01"]))
def test_both_write_the_same_bytes(values: dict[str, Any], tag: bytes) -> None:
    assert attributes(tag, values) == python_attributes(tag, values)


@given(st.dictionaries(TEXTS, VALUES, max_size=8))
def test_opentelemetrys_own_classes_read_back_every_value(values: dict[str, Any]) -> None:
    pairs = KeyValueList.FromString(attributes(TAG, values)).values
    assert {pair.key: value_of(pair.value) for pair in pairs} == values


def value_of(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [value_of(item) for item in value.array_value.values]
    return getattr(value, kind)


@pytest.mark.parametrize("write", [attributes, python_attributes])
@pytest.mark.parametrize(
    ("value", "error"),
    [(2**63, OverflowError), (-(2**63) - 1, OverflowError), (None, TypeError), ("\ud800", UnicodeError)],
)
def test_a_value_that_no_attribute_can_have_is_refused(write: Any, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        write(TAG, {"fine": 1, "odd": [value]})
