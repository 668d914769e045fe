"""Bounds on chance, against counted cases and known values."""

from itertools import combinations

import pytest

from tasker_consumers.compare.chance import overlap_chance, rank_chance


@pytest.mark.parametrize("marked", range(1, 7))
def test_the_overlap_is_what_counting_all_draws_gives(marked: int) -> None:
    draws = list(combinations(range(8), 3))
    for both in range(4):
        counted = sum(sum(member < marked for member in draw) >= both for draw in draws) / len(draws)
        assert overlap_chance(8, marked, 3, both) == pytest.approx(counted)


def test_ranks_of_shifted_samples_are_no_chance_and_ties_are_counted() -> None:
    sample = [float(n % 10) for n in range(60)]
    assert rank_chance(sample, [value + 3 for value in sample]) < 1e-5
    assert rank_chance([1.0] * 40, [1.0] * 40) == 1.0


def test_the_approximation_is_near_to_counting_all_ways_to_draw_the_ranks() -> None:
    middle, ranks = 8 * 17 / 2, range(1, 17)
    draws = list(combinations(ranks, 8))
    for first in (draws[0], draws[400], draws[3000], draws[6000]):
        counted = sum(abs(sum(draw) - middle) >= abs(sum(first) - middle) for draw in draws) / len(draws)
        second = sorted(set(ranks) - set(first))
        assert rank_chance(first, second) == pytest.approx(counted, abs=0.01)


def test_both_sides_are_the_same() -> None:
    first, second = [1.0, 2.0, 5.0] * 12, [2.0, 4.0, 6.0] * 12
    assert rank_chance(first, second) == pytest.approx(rank_chance(second, first))
