"""Windows and their sketches: exact counts whatever is told how often, quantiles within one percent."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.stats.core.sketch import ACCURACY, Sketch
from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S, Windows
from tests.support.stats.histories import SECOND, T0, event
from tests.support.stats.real import alibaba_rows

durations = st.lists(st.integers(0, 10**15), min_size=1, max_size=60)


def sketch_of(values: list[int]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


@given(durations, st.sampled_from([0.0, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_quantile_is_within_one_percent_of_the_true_one(values: list[int], share: float) -> None:
    true = sorted(values)[int(share * (len(values) - 1))] / 1e6
    assert sketch_of(values).quantile(share) == pytest.approx(true, rel=ACCURACY * 1.001)


@given(durations, durations)
def test_taking_durations_away_leaves_no_trace_of_them(some: list[int], others: list[int]) -> None:
    sketch = sketch_of(some + others)
    for value in others:
        sketch.add(value, -1)
    assert sketch == sketch_of(some)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 0.99])
def test_heavy_tails_of_a_real_cluster_keep_their_quantiles(share: float) -> None:
    lasted = sorted(max(0, row.ended - row.created) for row in alibaba_rows() if row.status == "Terminated")
    sketch = sketch_of([seconds * SECOND for seconds in lasted])
    assert sketch.quantile(share) == pytest.approx(lasted[int(share * (len(lasted) - 1))], rel=ACCURACY * 1.001)


def test_an_empty_sketch_has_no_quantile() -> None:
    assert Sketch().quantile(0.5) is None


def task(n: int, took: float, outcome: str = "completed") -> list[dict[str, Any]]:
    start = n * 10.0
    return [
        event("task.start_requested", start, f"task-{n}", task_name="order"),
        event(f"task.{outcome}", start + took, f"task-{n}", task_name="order"),
    ]


def windows_of(*tasks: list[dict[str, Any]], length_s: int = HOUR_S) -> Windows:
    windows = Windows(length_s)
    for stats in recompute(told for events in tasks for told in events).values():
        windows.learn(stats)
    return windows


def test_an_hour_counts_outcomes_retries_and_durations_of_its_tasks() -> None:
    (hour,) = windows_of(*(task(n, n + 1) for n in range(9)), task(9, 1, "failed")).figures()
    assert (hour["count"], hour["complete"], hour["error"], hour["failure_ratio"]) == (10, 9, 1, 0.1)
    assert hour["duration_mean_s"] == pytest.approx(4.6)
    assert hour["duration_p50_s"] == pytest.approx(4.0, rel=0.01)
    assert (hour["name"], hour["window_start"] % (HOUR_S * SECOND), hour["window_s"]) == ("order", 0, HOUR_S)


def test_tasks_that_end_in_different_minutes_count_in_different_windows() -> None:
    minutes = windows_of(*(task(n, 1) for n in range(30)), length_s=MINUTE_S).figures()
    assert sum(minute["count"] for minute in minutes) == 30
    assert len({minute["window_start"] for minute in minutes}) == len(minutes) == 6


def test_a_task_that_is_not_over_counts_nowhere_yet() -> None:
    assert windows_of(task(1, 1)[:1]).figures() == []


@given(st.randoms())
def test_windows_do_not_depend_on_order_or_repetition_of_what_they_are_told(random: Random) -> None:
    history = [told for n in range(4) for told in task(n, n + 1, random.choice(["completed", "failed"]))]
    told = [stats for at in range(1, 9) for stats in recompute(history[:at]).values()] * 2
    random.shuffle(told)
    windows = Windows(MINUTE_S)
    for stats in told:
        windows.learn(stats)
    wanted = Windows(MINUTE_S)
    for stats in recompute(history).values():
        wanted.learn(stats)
    assert windows.figures() == wanted.figures()


def test_a_failed_task_that_completes_after_all_moves_to_its_new_window() -> None:
    failed, retried = task(1, 1, "failed"), [event("task.completed", 500, "task-1", task_name="order")]
    windows = windows_of(failed, length_s=MINUTE_S)
    for stats in recompute(failed + retried).values():
        windows.learn(stats)
    (minute,) = windows.figures()
    assert (minute["complete"], minute["error"]) == (1, 0)
    assert minute["window_start"] > T0 + 400 * SECOND
