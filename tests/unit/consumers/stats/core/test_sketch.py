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


def sketch_of(values: list[int]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


@given(durations.filter(bool), percents)
def test_a_percentile_is_the_duration_of_nearest_rank_within_one_percent(values: list[int], percent: int) -> None:
    expected = nearest_rank(values, percent) / SECOND
    assert sketch_of(values).percentile(percent) == pytest.approx(expected, rel=ACCURACY * 1.001)


@given(durations, durations)
def test_durations_that_are_taken_away_leave_no_trace(kept: list[int], removed: list[int]) -> None:
    sketch = sketch_of(kept + removed)
    sketch.merge(sketch_of(removed), -1)
    assert sketch == sketch_of(kept)


@pytest.mark.parametrize("percent", [50, 90, 95, 99, 100])
def test_heavy_tails_of_a_real_cluster_keep_their_percentiles(percent: int) -> None:
    values = [max(0, row.ended - row.created) * SECOND for row in alibaba_rows() if row.status == "Terminated"]
    expected = nearest_rank(values, percent) / SECOND
    assert sketch_of(values).percentile(percent) == pytest.approx(expected, rel=ACCURACY * 1.001)


def test_an_empty_sketch_has_no_percentile() -> None:
    assert Sketch().percentile(50) is None
