"""The sketch of durations: percentiles by nearest rank within one percent, and durations that can be taken away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core.sketch import ACCURACY, Sketch
from tests.support.stats.histories import SECOND
from tests.support.stats.percentiles import nearest_rank
from tests.support.stats.real import alibaba_rows

durations = st.lists(st.integers(0, 10**15), max_size=200)
percents = st.integers(1, 100)


def percentile_of(values: list[int], percent: int) -> float | None:
    (percentile,) = sketch_of(values).percentiles([percent], sum(values))
    return percentile


def sketch_of(values: list[int]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


@given(durations.filter(bool), percents)
def test_a_percentile_is_the_duration_of_nearest_rank_within_one_percent(values: list[int], percent: int) -> None:
    expected = nearest_rank(values, percent) / SECOND
    assert percentile_of(values, percent) == pytest.approx(expected, rel=ACCURACY * 1.001)


@given(durations, durations)
def test_durations_that_are_taken_away_leave_no_trace(kept: list[int], removed: list[int]) -> None:
    sketch = sketch_of(kept + removed)
    sketch.merge(sketch_of(removed), -1)
    assert sketch == sketch_of(kept)


@pytest.mark.parametrize("percent", [50, 90, 95, 99, 100])
def test_heavy_tails_of_a_real_cluster_keep_their_percentiles(percent: int) -> None:
    values = [max(0, row.ended - row.created) * SECOND for row in alibaba_rows() if row.status == "Terminated"]
    expected = nearest_rank(values, percent) / SECOND
    assert percentile_of(values, percent) == pytest.approx(expected, rel=ACCURACY * 1.001)


def test_an_empty_sketch_has_no_percentile() -> None:
    assert Sketch().percentiles([50, 100], total=0) == [None, None]


@given(st.integers(0, 10**15))
def test_a_single_duration_is_exact_at_every_percentile(value: int) -> None:
    assert sketch_of([value]).percentiles([1, 50, 99, 100], value) == [value / SECOND] * 4


@given(durations.filter(bool))
def test_no_percentile_is_above_the_longest_duration_which_is_not_below_the_mean(values: list[int]) -> None:
    *percentiles, longest = sketch_of(values).percentiles([50, 90, 95, 99, 100], sum(values))
    assert longest is not None
    assert all(value is not None and value <= longest for value in percentiles)
    assert longest >= sum(values) / len(values) / SECOND


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([1] * 9 + [60], [1, 1, 60, 60, 60]),
        ([1, 100], [1, 100, 100, 100, 100]),
        ([0.5, 1.1, 1.7, 2.0, 2.21], [1.7, 2.21, 2.21, 2.21, 2.21]),
        ([0.024] * 19 + [1.5], [0.024, 0.024, 0.024, 1.5, 1.5]),
    ],
)
def test_the_slowest_of_a_few_is_not_hidden(seconds: list[float], expected: list[float]) -> None:
    values = [round(value * SECOND) for value in seconds]
    assert sketch_of(values).percentiles([50, 90, 95, 99, 100], sum(values)) == pytest.approx(expected, rel=ACCURACY)


@given(durations.filter(bool), durations, percents)
def test_merged_and_subtracted_sketches_have_the_percentiles_of_what_remains(
    kept: list[int], removed: list[int], percent: int
) -> None:
    sketch = sketch_of(kept)
    sketch.merge(sketch_of(removed))
    sketch.merge(sketch_of(removed), -1)
    (percentile,) = sketch.percentiles([percent], sum(kept))
    assert percentile == pytest.approx(nearest_rank(kept, percent) / SECOND, rel=ACCURACY * 1.001)
