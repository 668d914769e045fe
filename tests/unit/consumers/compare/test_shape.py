"""A run's units, and the time that each decided: together they are the whole duration."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasker_consumers.compare.shape import RunShape, key_text, shape_of
from tests.support.importers.real_records import FOLDERS, paths_of, records_of
from tests.support.runs import SECOND, run_of, shape_of_history
from tests.support.scale import SCALE
from tests.support.telemetry.histories import Told, attempt, hostile_records, order, told


def decided(run: RunShape) -> int:
    return run.idle + sum(unit.decided for unit in run.units.values())


def test_units_are_known_by_name_and_occurrence_below_their_task() -> None:
    history = [*order(), *attempt("again", 8, 9, step_name="ship_step")]
    assert [key_text(key) for key in shape_of_history(history).units] == [
        "order_processing",
        "order_processing > fetch_step",
        "order_processing > charge_step",
        "order_processing > ship_step",
        "order_processing > ship_step #2",
    ]


def test_attempts_are_one_unit_with_the_outcome_of_the_last() -> None:
    unit = next(unit for key, unit in shape_of_history(order()).units.items() if key[-1] == ("charge_step", 1))
    assert (unit.attempts, unit.status) == (2, "complete")
    assert unit.end - unit.start == 4 * SECOND


def test_a_step_that_ran_beside_another_fills_its_gap() -> None:
    history = [*attempt("long", 0, 10), *attempt("late", 2, 11), told("task.completed", 11)]
    times = {key[-1][0]: unit.decided for key, unit in shape_of_history(history).units.items()}
    assert times == {"order_processing": 0, "long_step": 2 * SECOND, "late_step": 9 * SECOND}


@settings(max_examples=60 * SCALE)
@given(st.lists(hostile_records(), max_size=12))
def test_the_times_of_any_history_add_up(history: list[Told]) -> None:
    spans = run_of(history).spans()
    made = shape_of(spans, max((span.end for span in spans), default=0))
    assert made is None or decided(made) == made.duration


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_times_of_real_runs_add_up(folder: str) -> None:
    for path in paths_of(folder)[1::12]:
        run = shape_of_history(records_of(folder, path))
        assert decided(run) == run.duration, path
