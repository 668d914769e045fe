"""Any value becomes masked, bounded plain data, and nothing ever raises."""

import dataclasses
import json
import math
from collections import namedtuple
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_producer.masking.masker import Masker
from tasker_producer.record.values import MAX_NODES, MAX_TEXT, PlainValues

SECRET = "hunter2"


@dataclasses.dataclass
class Card:
    number: str
    cvv: str


class Account:
    def __init__(self) -> None:
        self.owner = "ada"
        self.password = SECRET
        self._session = SECRET


Login = namedtuple("Login", ["user", "password"])  # noqa: PYI024  the untyped kind is what is tried


class Colour(Enum):
    RED = "red"


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError(SECRET)


def as_json(value: Any) -> Any:
    return json.loads(PlainValues(Masker()).json_text(value)[0])


@pytest.mark.parametrize(
    "value",
    [
        {"password": SECRET},
        {"deep": [{"list": ({"api_key": SECRET},)}]},
        {"card": Card("4111", SECRET)},
        Account(),
        {"pair": Login("ada", SECRET)},
        {"error": ValueError(f"password={SECRET}")},
        {"raw": f"token={SECRET}".encode()},
        {("password", 1): SECRET},
        {"credit_card": {"number": SECRET}},
        {"text": f'{{"password": "{SECRET}"}}'},
        {f"password={SECRET}": 1},
    ],
)
def test_no_kind_of_value_lets_a_secret_through(value: Any) -> None:
    assert SECRET not in PlainValues(Masker()).json_text(value)[0]


def test_values_that_json_lacks_become_readable_text() -> None:
    values = [datetime(2025, 6, 1, tzinfo=UTC), Decimal("1.10"), UUID(int=1), Path("a/b"), Colour.RED, math.inf, b"x"]
    plain = as_json(values)
    assert plain == ["2025-06-01T00:00:00+00:00", "1.10", str(UUID(int=1)), "a/b", "red", "inf", "x"]


def test_a_cycle_is_cut_and_reported() -> None:
    loop: dict[str, Any] = {"name": "loop"}
    loop["self"] = loop
    text, cut = PlainValues(Masker()).json_text(loop)
    assert (json.loads(text), cut) == ({"name": "loop", "self": "[TRUNCATED]"}, True)


def test_depth_number_and_length_are_bounded() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    for value in (deep, list(range(10 * MAX_NODES)), "x" * 10 * MAX_TEXT, ["x" * 1000] * 10_000):
        text, cut = PlainValues(Masker()).json_text(value)
        assert cut
        assert len(text) < 2 * MAX_TEXT


@pytest.mark.timeout(20)  # it would take minutes to write each of them in full
@pytest.mark.parametrize("blob", [b"\xfe" * MAX_TEXT, bytearray(b"\xfe" * MAX_TEXT), ValueError("x" * MAX_TEXT)])
def test_what_is_huge_and_there_many_times_is_written_once(blob: Any) -> None:
    text, cut = PlainValues(Masker()).json_text([blob] * MAX_NODES)
    assert cut
    assert len(text) < 3 * MAX_TEXT


def test_bytes_that_are_no_text_show_their_values() -> None:
    assert as_json([b"\xffab\n", "ü".encode(), bytearray(b"\xc3")]) == ["\\xffab\\n", "ü", "\\xc3"]


def test_what_cannot_even_be_shown_becomes_its_class() -> None:
    assert as_json({"thing": Hostile()}) == {"thing": "<Hostile: RuntimeError>"}


def test_attributes_keep_scalars_and_turn_the_rest_into_json() -> None:
    flat, cut = PlainValues(Masker()).attributes(
        {"a": 1, "b": True, "c": None, "d": 1.5, "e": [1, {"f": 2}], "g": 1 << 80, 7: "seven"}
    )
    nested = '[1,{"f":2}]'
    assert flat == {"a": 1, "b": True, "c": None, "d": 1.5, "e": nested, "g": str(1 << 80), "7": "seven"}
    assert not cut


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner) | st.sets(st.text()),
    max_leaves=30,
)


@given(ANYTHING)
def test_any_value_becomes_json_text_without_raising(value: Any) -> None:
    text, _ = PlainValues(Masker()).json_text(value)
    json.loads(text)


@given(st.dictionaries(st.text(), ANYTHING), ANYTHING)
def test_a_secret_below_any_structure_stays_home(around: dict[str, Any], other: Any) -> None:
    value = {**around, "other": other, "below": [{"password": {"value": "s3cr3t-" + SECRET}}]}
    assert "s3cr3t-" not in PlainValues(Masker()).json_text(value)[0]
