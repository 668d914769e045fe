"""Delta debugging: the rest is the smallest part, and nothing is tried twice."""

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.replay.calling.shrinking import shrink


@given(st.sets(st.integers(0, 119), min_size=1, max_size=6))
def test_exactly_the_needed_items_remain(needed: set[int]) -> None:
    assert shrink(range(120), lambda part: needed <= set(part)) == sorted(needed)


@given(st.integers(0, 10_000))
def test_no_item_can_be_left_out_whatever_the_failure_needs(seed: int) -> None:
    draw = Random(seed)
    groups = [set(draw.sample(range(40), draw.randint(1, 6))) for _ in range(3)]

    def fails(part: Sequence[int]) -> bool:
        return any(group <= set(part) for group in groups) and len(part) % 7 != 5

    if not fails(range(40)):
        return
    rest = shrink(range(40), fails)
    assert fails(rest)
    assert not any(fails([item for item in rest if item != gone]) for gone in rest)


def test_a_part_is_tried_once() -> None:
    tried: list[tuple[int, ...]] = []

    def fails(part: Sequence[int]) -> bool:
        tried.append(tuple(part))
        return {3, 70, 71} <= set(part)

    assert shrink(range(100), fails) == [3, 70, 71]
    assert len(tried) == len(set(tried))
