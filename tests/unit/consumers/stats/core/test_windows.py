"""Windows: exact counts by outcome, name and time, whatever is delivered how often."""

from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core.contribution import Contribution
from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S, STEP, TASK, Window, WindowKey, merge
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.avro.versions import STATS_WINDOW
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State
from tests.support.stats.histories import SECOND, T0, event
from tests.support.stats.window_worker import WindowWorker

ranks = st.sampled_from([RANK[state] for state in (State.COMPLETE, State.ERROR, State.CANCELLED)])
contributions = st.builds(
    Contribution, st.just("order"), st.just(T0), ranks, st.integers(0, 9), st.none() | st.integers(0, 10**12)
)
keys = st.builds(
    WindowKey, st.sampled_from([TASK, STEP]), st.text(max_size=9), st.sampled_from([MINUTE_S, HOUR_S]), st.just(T0)
)


@given(keys, st.lists(contributions))
def test_a_window_comes_back_from_its_record(key: WindowKey, parts: list[Contribution]) -> None:
    window = Window()
    for part in parts:
        window.add(part)
    value = {**window.value(key, 7), "partition": 3}
    assert Decoder().decode(STATS_WINDOW, encode(STATS_WINDOW, value)) == value


def task(n: int, took: float, outcome: str = "completed") -> list[dict[str, Any]]:
    start = n * 10.0
    return [
        event("task.start_requested", start, f"task-{n}", task_name="order"),
        event(f"task.{outcome}", start + took, f"task-{n}", task_name="order"),
    ]


def windows_of(*tasks: list[dict[str, Any]], length_s: int = HOUR_S) -> list[dict[str, Any]]:
    worker = WindowWorker()
    worker.take([told for events in tasks for told in events])
    return worker.chosen(length_s=length_s)


def test_an_hour_counts_outcomes_retries_and_durations_of_its_tasks() -> None:
    (hour,) = windows_of(*(task(n, n + 1) for n in range(9)), task(9, 1, "failed"))
    assert (hour["count"], hour["complete"], hour["error"], hour["failure_ratio"]) == (10, 9, 1, 0.1)
    assert hour["duration_mean_s"] == pytest.approx(4.6)
    assert hour["duration_p50_s"] == pytest.approx(4.0, rel=0.01)
    assert (hour["name"], hour["window_start"] % (HOUR_S * SECOND), hour["window_s"]) == ("order", 0, HOUR_S)


def test_tasks_that_end_in_different_minutes_count_in_different_windows() -> None:
    minutes = windows_of(*(task(n, 1) for n in range(30)), length_s=MINUTE_S)
    assert sum(minute["count"] for minute in minutes) == 30
    assert len({minute["window_start"] for minute in minutes}) == len(minutes) == 6


def test_a_task_that_is_not_over_counts_in_no_window() -> None:
    assert windows_of(task(1, 1)[:1]) == []


def test_a_failed_task_that_completes_after_all_moves_to_its_new_window() -> None:
    retried = [event("task.completed", 500, "task-1", task_name="order")]
    (minute,) = windows_of(task(1, 1, "failed"), retried, length_s=MINUTE_S)
    assert (minute["complete"], minute["error"]) == (1, 0)
    assert minute["window_start"] > T0 + 400 * SECOND


@given(st.lists(contributions), st.lists(contributions), st.randoms())
def test_contributions_in_any_order_that_are_taken_away_leave_no_trace(
    kept: list[Contribution], removed: list[Contribution], random: Random
) -> None:
    window, expected = Window(), Window()
    for part in random.sample(kept + removed, len(kept + removed)):
        window.add(part)
    for part in removed:
        window.add(part, -1)
    for part in kept:
        expected.add(part)
    assert window == expected


@given(st.lists(contributions, min_size=1))
def test_a_stored_window_comes_back_as_it_was(parts: list[Contribution]) -> None:
    window = Window()
    for part in parts:
        window.add(part)
    assert Window.of_row(window.row()) == window


@given(st.lists(contributions, min_size=1))
def test_windows_of_partitions_add_up_to_the_window_of_all(parts: list[Contribution]) -> None:
    key, windows, total = WindowKey(TASK, "order", HOUR_S, T0), [Window(), Window(), Window()], Window()
    for number, part in enumerate(parts):
        windows[number % 3].add(part)
        total.add(part)
    (merged,) = merge(window.value(key, 1) for window in windows)
    assert merged == total.value(key, 1)


def test_sums_beyond_64_bits_are_exact_and_can_be_taken_away_again() -> None:
    part, window = Contribution("order", T0, RANK[State.COMPLETE], 0, 10**15), Window()
    for _ in range(40_000):
        window.add(part)
    restored = Window.of_row(orjson.loads(orjson.dumps(window.row())))
    assert restored.time == 40_000 * 10**15
    restored.merge(window, -1)
    restored.add(part)
    assert restored.figures() == {**restored.figures(), "count": 1, "duration_sum_s": 1e9, "duration_max_s": 1e9}
