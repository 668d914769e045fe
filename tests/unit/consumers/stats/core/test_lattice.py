"""The join of values of which the least holds: a semilattice with None at its bottom."""

from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core.lattice import least

values = st.none() | st.integers(0, 3) | st.integers(-(2**62), 2**62)


@given(values, values, values)
def test_grouping_does_not_matter(a: int | None, b: int | None, c: int | None) -> None:
    assert least(least(a, b), c) == least(a, least(b, c))


@given(values, values)
def test_order_does_not_matter(a: int | None, b: int | None) -> None:
    assert least(a, b) == least(b, a)


@given(values)
def test_a_value_joined_with_itself_or_with_the_unknown_stays(a: int | None) -> None:
    assert least(a, a) == least(a, None) == a


@given(values, st.integers())
def test_no_known_value_is_below_the_join(a: int | None, b: int) -> None:
    joined = least(a, b)
    assert joined is not None
    assert joined <= b
    assert joined in (a, b)


@given(st.lists(st.text(max_size=2), min_size=1))
def test_texts_join_to_the_first_in_the_alphabet(texts: list[str]) -> None:
    joined: str | None = None
    for text in texts:
        joined = least(joined, text)
    assert joined == min(texts)
