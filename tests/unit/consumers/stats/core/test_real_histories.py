"""Real executions: whatever order, duplicates and crashes they go through, the statistics stay the same."""

from random import Random

import pytest

from tasker_consumers.stats.core.fold import recompute
from tests.support.stats.crashes import stats_after_crashes
from tests.support.stats.histories import order_processing
from tests.support.stats.real import (
    alibaba_events,
    alibaba_expected,
    alibaba_rows,
    real_histories,
)


def test_every_real_history_gives_the_same_statistics_in_any_order_and_with_duplicates() -> None:
    random = Random(11)
    for told in real_histories():
        again = told + random.choices(told, k=len(told) // 5)
        random.shuffle(again)
        assert recompute(again) == recompute(told)


def test_crashes_in_the_middle_of_a_write_change_nothing_for_real_histories() -> None:
    random = Random(12)
    for told in real_histories(4):
        again = told + random.choices(told, k=len(told) // 5)
        random.shuffle(again)
        assert stats_after_crashes(again, random) == recompute(told), told[0]["task_id"]


def test_crashes_change_nothing_for_real_histories_that_run_at_the_same_time() -> None:
    random = Random(13)
    told = [event for history in real_histories(3) if len(history) < 500 for event in history]
    random.shuffle(told)
    assert stats_after_crashes(told, random, crashes=40) == recompute(told)


@pytest.mark.parametrize("seed", range(50))
def test_crashes_in_the_middle_of_a_write_change_nothing_for_many_small_tasks(seed: int) -> None:
    told = [{**one, "task_id": f"task-{n}"} for n in range(20) for one in order_processing()]
    Random(seed).shuffle(told)
    assert stats_after_crashes(told, Random(seed)) == recompute(told)


def test_the_jobs_of_a_real_cluster_add_up_for_all_their_damaged_clocks() -> None:
    rows = alibaba_rows()
    told = list(alibaba_events(rows))
    Random(2017).shuffle(told)
    found, expected = recompute(told), alibaba_expected(rows)
    assert found.keys() == expected.keys()
    for job, numbers in expected.items():
        stats = found[job]
        counts = (stats["total_steps"], stats["completed_steps"], stats["failed_steps"], stats["attempts"])
        assert counts == (numbers["total"], numbers["complete"], numbers["failed"], numbers["attempts"]), job
        assert stats["step_time_s"] == numbers["work"], job
        if numbers["complete"] == numbers["total"] and numbers["end"] > numbers["start"]:
            assert (stats["status"], stats["duration_s"]) == ("complete", numbers["end"] - numbers["start"]), job
            assert stats["longest_step_s"] == numbers["longest"], job
