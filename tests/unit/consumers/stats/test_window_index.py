"""The windows beside the states: whatever happens to a worker, they are what the states count for."""

import asyncio
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats import window_index as window_index_module
from tasker_consumers.stats import window_rebuild as window_rebuild_module
from tasker_consumers.stats.core import table as table_module
from tasker_consumers.stats.core.contribution import contribution_of_stats
from tasker_consumers.stats.core.derive import contribution_of_state, derive_stats
from tasker_consumers.stats.core.fold import fold
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S, STEP, TASK
from tasker_consumers.stats.lifetime import Lifetime
from tests.support.stats.histories import SECOND, T0, attempt, event, histories, large_task, order_processing
from tests.support.stats.window_oracle import from_scratch
from tests.support.stats.window_worker import Crash, WindowWorker

HOUR = 3600 * SECOND


def orders(count: int) -> list[dict[str, Any]]:
    return [{**told, "task_id": f"task-{n}"} for n in range(count) for told in order_processing()]


@given(histories.filter(bool), st.randoms(), st.integers(0, 4))
def test_windows_are_exact_after_any_history_with_crashes(history: list[Any], random: Random, crashes: int) -> None:
    told = [event for event, _ in history]
    told += random.sample(told, len(told) // 2)
    worker = WindowWorker()
    worker.live(told, random, crashes)
    assert worker.windows() == worker.told() == from_scratch(told)


@given(st.randoms())
def test_many_tasks_in_any_order_with_repetitions_and_crashes_make_the_same_windows(random: Random) -> None:
    told = [*orders(8), event("task.failed", 500, "task-3"), event("task.completed", 4000, "task-4")]
    told += random.sample(told, 10)
    random.shuffle(told)
    worker = WindowWorker()
    worker.live(told, random, 5)
    assert worker.windows() == worker.told() == from_scratch(told)


@given(histories.filter(bool), st.randoms())
def test_a_task_spread_over_parts_makes_the_same_windows(history: list[Any], random: Random) -> None:
    told = [event for event, _ in history]
    with patch.object(table_module, "SMALL_STEPS", 1):
        worker = WindowWorker()
        worker.live(told, random, 3)
        worker.start(lost=True)
    assert worker.windows() == worker.told() == from_scratch(told)


@given(histories.filter(bool))
def test_a_task_counts_for_the_same_by_its_state_and_by_its_statistics(history: list[Any]) -> None:
    state: TaskState | None = None
    for told, headers in history:
        state = fold(state, told, headers)
    assert state is not None
    assert contribution_of_state(state) == contribution_of_stats(derive_stats(state))


def test_a_step_counts_by_its_final_state_in_the_minute_it_ended() -> None:
    worker = WindowWorker()
    worker.take(order_processing())
    (charge,) = [w for w in worker.windows() if (w["name"], w["window_s"]) == ("charge_step", MINUTE_S)]
    assert (charge["kind"], charge["complete"], charge["error"], charge["retries"]) == ("step", 1, 0, 1)
    assert charge["duration_sum_s"] == 4.0  # from its first start to its last end


def test_parts_that_a_crash_left_without_their_head_count_nothing_until_they_are_delivered_again() -> None:
    told = [event("step.completed", n, step_id=step) for n, step in enumerate("abc")]
    with patch.object(table_module, "SMALL_STEPS", 1):
        worker = WindowWorker()
        worker.take(told[:1])
        worker.emit()
        worker.log.left = 2 + 3  # the marks of two windows, the parts of three steps, and no head
        with pytest.raises(Crash):
            worker.take(told[1:])
        worker.start(lost=True)
        for one in told[1:]:
            worker.take([one])
    assert worker.windows() == from_scratch(told)


def test_a_part_that_only_the_store_has_is_not_lost_with_it() -> None:
    told = [event("step.completed", 0, step_id="a"), event("step.handle", 0, step_id="b")]
    with patch.object(table_module, "SMALL_STEPS", 1):
        worker = WindowWorker()
        worker.take(told[:1])
        worker.log.left = 1
        with pytest.raises(Crash):
            worker.take(told[1:])
        worker.start()
        worker.take(told[1:])
        worker.start(lost=True)
    assert worker.windows() == from_scratch(told)


def test_a_window_that_a_task_left_is_told_with_zeros() -> None:
    worker = WindowWorker()
    worker.take([event("task.failed", 1, task_name="order")])
    worker.emit()
    worker.take([event("task.retry_requested", 100, task_name="order")])
    worker.emit()
    assert worker.told() == worker.windows() == []


def test_a_worker_that_dies_before_it_tells_leaves_that_to_the_next_one() -> None:
    worker = WindowWorker()
    worker.take(order_processing())
    worker.start(lost=True)
    worker.emit()
    assert worker.told() == from_scratch(order_processing())


def test_nothing_is_told_twice_when_nothing_changes() -> None:
    worker = WindowWorker()
    worker.take(order_processing())
    worker.emit()
    before = len(worker.log.topics["tasker.stats.window"])
    worker.take(order_processing())
    worker.emit()
    assert len(worker.log.topics["tasker.stats.window"]) == before


def hours_of(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [window for window in from_scratch(told) if window["window_s"] == HOUR_S]


def test_hours_take_corrections_for_a_week_and_minutes_for_a_day() -> None:
    worker, retried = WindowWorker(), [event("task.failed", 1, "late", task_name="order")]
    worker.take(retried)
    worker.wait(6 * 24 * HOUR)
    worker.take([event("task.completed", 6 * 86_400, "late", task_name="order")])
    (hour,) = worker.chosen(kind=TASK, name="order", length_s=HOUR_S)
    assert (hour["complete"], hour["error"]) == (1, 0)
    minutes = worker.chosen(kind=TASK, name="order", length_s=MINUTE_S)
    assert sum(window["complete"] for window in minutes) == 1


def test_a_rebuild_in_many_slices_gives_the_same_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_rebuild_module, "_SLICE", 2)
    worker = WindowWorker()
    worker.take(orders(7))
    worker.start(lost=True)
    assert worker.windows() == from_scratch(orders(7))


def test_a_rebuild_of_more_windows_than_memory_takes_gives_the_same_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_rebuild_module, "_SLICE", 2)
    monkeypatch.setattr(window_rebuild_module, "MOST_IN_MEMORY", 3)
    worker = WindowWorker()
    worker.take(orders(7))
    worker.start(lost=True)
    assert worker.windows() == from_scratch(orders(7))
    worker.wait(3 * 24 * HOUR)
    worker.take([event("task.start_requested", 9, "live")])
    worker.start(lost=True)
    assert worker.windows() == hours_of(orders(7))


def test_closed_minutes_are_deleted_and_hours_stay() -> None:
    worker = WindowWorker()
    worker.take(order_processing())
    worker.wait(3 * 24 * HOUR)
    worker.emit()
    assert worker.chosen(length_s=MINUTE_S) == []
    assert worker.windows() == hours_of(order_processing())


def test_the_search_for_closed_windows_leaves_turns_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_index_module, "_SLICE", 2)
    worker, turns = WindowWorker(), 0
    worker.take(order_processing())
    worker.emit()
    worker.wait(3 * 24 * HOUR)
    worker.processor.windows._held[0].cleaned_at = float("-inf")  # a search is due
    states = worker.indexing.held(0)
    assert states is not None

    async def emit() -> None:
        nonlocal turns
        emitting = asyncio.create_task(worker.processor.index.emit(states))
        while not emitting.done():
            turns += 1
            await asyncio.sleep(0)

    asyncio.run(emit())
    assert turns > len(worker.windows()) // 2


def test_hours_outlive_a_lost_disk() -> None:
    for told in (order_processing(), large_task(300, "42")):
        worker = WindowWorker()
        worker.take(told)
        worker.wait(6 * 24 * HOUR)
        worker.take([event("task.start_requested", 9, "live")])
        worker.start(lost=True)
        assert worker.windows() == hours_of(told)


def test_a_closed_window_is_never_told_again_and_then_forgotten() -> None:
    worker = WindowWorker(Lifetime(retention_s=2 * 86_400.0))
    worker.take(order_processing())
    worker.emit()
    before = worker.told()
    worker.now += 49 * HOUR
    worker.take([event("task.failed", 8)])
    worker.emit()
    assert worker.told() == before
    worker.start(lost=True)
    assert worker.windows() == []


def test_an_old_history_that_is_imported_has_windows_until_it_is_forgotten() -> None:
    worker = WindowWorker(now=T0 + 10_000 * HOUR)
    worker.take(order_processing())
    assert worker.windows() == from_scratch(order_processing())
    worker.now += 20 * HOUR
    worker.take(attempt("bill", 7, 8))
    assert worker.windows() == from_scratch(order_processing() + attempt("bill", 7, 8))
    worker.now += 8 * 24 * HOUR
    worker.take([event("task.start_requested", 9, "live")])
    worker.start(lost=True)
    assert worker.windows() == []


def test_a_window_far_in_the_future_agrees_with_a_rebuild_also_when_its_tasks_are_forgotten() -> None:
    worker = WindowWorker()
    worker.take(order_processing())
    future = [{**told, "task_id": "ahead"} for told in order_processing()]
    for told in future:
        told.update({name: told[name] + 9_000 * 24 * HOUR for name in ("timestamp", "completed_at") if name in told})
    worker.take(future)
    assert any(window["window_start"] > T0 + 8_000 * 24 * HOUR for window in worker.windows())
    for _ in range(5):
        worker.take([event("task.start_requested", (worker.now - T0) / SECOND, "live")])
        worker.wait(8 * 24 * HOUR)
        worker.take([event("task.start_requested", (worker.now - T0) / SECOND, "live")])
        worker.emit()
        incremental, published = worker.windows(), [window for window in worker.told() if window["count"]]
        worker.start(lost=True)
        assert worker.windows() == incremental
    assert "ahead" not in worker.statistics()
    assert incremental == []
    assert all(window["window_start"] < T0 + 24 * HOUR for window in published), "the future counts nothing any more"


def test_windows_can_be_chosen_by_kind_name_length_and_time() -> None:
    worker = WindowWorker()
    worker.take([*orders(1), event("task.completed", 3600, "later", task_name="order_processing")])
    select = worker.chosen
    assert {w["kind"] for w in select(kind=STEP)} == {STEP}
    assert {(w["name"], w["window_s"]) for w in select(name="ship_step", length_s=HOUR_S)} == {("ship_step", HOUR_S)}
    (late,) = select(kind=TASK, name="order_processing", length_s=MINUTE_S, since=T0 + HOUR // 2)
    assert late["window_start"] > T0 + HOUR // 2
    assert select(kind=TASK, name="nobody") == []


def test_open_tasks_are_counted_through_restarts() -> None:
    worker = WindowWorker()
    worker.take([event("task.start_requested", 0, f"t{n}") for n in range(5)] + [event("task.completed", 1, "t0")])
    assert worker.processor.windows.open_tasks() == 4
    worker.start(lost=True)
    worker.take([event("task.completed", 1, f"t{n}") for n in range(3)] * 2)
    assert worker.processor.windows.open_tasks() == 2
