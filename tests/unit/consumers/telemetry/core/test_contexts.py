"""Contexts of usual length: read in C they are what the Python sources read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.telemetry.core.event import Carried, python_usual, read_usual

SPAN = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
PARENT = b"00-" + b"a" * 32 + b"-" + b"c" * 16 + b"-01"
#: Bytes that stand in a context, or nearly.
BYTES = st.sampled_from(b"00 12 9a bf -- AF gz".replace(b" ", b"") + b"\x00\xff")


@st.composite
def contexts(draw: st.DrawFn) -> bytes:
    """Return 55 bytes: a context, or a context with some of its bytes replaced."""
    context = bytearray(draw(st.sampled_from([SPAN, PARENT, SPAN.replace(b"a", b"d"), SPAN.replace(b"b", b"0")])))
    for place, value in draw(st.dictionaries(st.integers(0, 54), BYTES, max_size=3)).items():
        context[place] = value
    return bytes(context)


@given(contexts(), st.none() | contexts())
def test_both_read_the_same(span: bytes, parent: bytes | None) -> None:
    found = read_usual(span, parent)
    assert found == python_usual(span, parent)
    assert type(found) in (Carried, type(None))
    assert read_usual(span, parent) is found  # it is read once


@given(st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 1)), max_size=50))
def test_what_was_read_before_changes_nothing(numbers: list[tuple[int, int]]) -> None:
    for number, above in numbers:
        span, parent = b"00-%032d-%016d-01" % (number + 1, number + 1), PARENT if above else None
        found = read_usual(span, parent)
        assert found == Carried(f"{number + 1:032}", f"{number + 1:016}", 1, "", "")


@pytest.mark.parametrize("flags", [b"00", b"01", b"02", b"03", b"ff", b"fc"])
def test_flags_that_are_not_defined_go_on_as_zero(flags: bytes) -> None:
    found = read_usual(SPAN[:-2] + flags, None)
    assert found is not None
    assert found.flags == int(flags, 16) & 3
