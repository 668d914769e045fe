"""The ways of dividing runs."""

from random import Random

import pytest

from tasker_consumers.compare.split import by_failure, by_slowness, by_time, by_version
from tasker_schemas.errors import UsageError
from tests.support.populations import Cause, a_population

RUNS = a_population(Random(1), 200, Cause())


def test_the_slowest_are_above_the_percentile() -> None:
    split = by_slowness(RUNS, 95)
    assert (len(split.suspects), len(split.controls)) == (10, 190)
    assert min(run.duration for run in split.suspects) >= max(run.duration for run in split.controls)


def test_time_divides_at_a_moment_and_begins_at_the_baseline() -> None:
    split = by_time(RUNS, 150_000, 100_000)
    assert [run.task_id for run in split.controls] == [str(n) for n in range(100, 150)]
    assert [run.task_id for run in split.suspects] == [str(n) for n in range(150, 200)]


def test_running_tasks_are_in_neither_outcome() -> None:
    runs = a_population(Random(1), 3, Cause())
    runs[0].status, runs[1].status = "error", "in_progress"
    split = by_failure(runs)
    assert ([run.task_id for run in split.suspects], [run.task_id for run in split.controls]) == (["0"], ["2"])


def test_a_version_that_no_run_has_is_named_with_those_there_are() -> None:
    assert sum(map(len, (by_version(RUNS, "1.4", "1.3").suspects, by_version(RUNS, "1.4", "1.3").controls))) == 200
    with pytest.raises(UsageError, match=r"no run has the version '1\.5'; there are 1\.3, 1\.4"):
        by_version(RUNS, "1.5", "1.3")
