"""The numbers of the statistics: ends counted once, a limited number of names, what came late or twice."""

import pytest
from prometheus_client import generate_latest

from tests.support.stats.histories import SECOND, T0, attempt, event, order_processing
from tests.support.stats.window_worker import Crash, WindowWorker


@pytest.fixture
def worker() -> WindowWorker:
    return WindowWorker()


def value(worker: WindowWorker, name: str, **labels: str) -> float | None:
    return worker.processor.registry.get_sample_value(f"tasker_stats_{name}", labels)


def test_ends_are_counted_by_name_and_outcome_however_often_they_are_delivered(worker: WindowWorker) -> None:
    worker.take(order_processing())
    worker.take(order_processing())
    assert value(worker, "tasks_ended_total", task_name="order_processing", outcome="complete") == 1
    assert value(worker, "steps_ended_total", step_name="charge_step", outcome="complete") == 1
    assert value(worker, "steps_ended_total", step_name="charge_step", outcome="error") == 0
    assert value(worker, "step_retries_total", step_name="charge_step") == 1


def test_a_retry_is_counted_once_though_its_step_fails_in_a_run_of_its_own(worker: WindowWorker) -> None:
    for told in order_processing():
        worker.take([told])
    assert value(worker, "steps_ended_total", step_name="charge_step", outcome="error") == 1
    assert value(worker, "steps_ended_total", step_name="charge_step", outcome="complete") == 1
    assert value(worker, "step_retries_total", step_name="charge_step") == 1


def test_durations_fall_into_the_buckets_of_a_classic_histogram(worker: WindowWorker) -> None:
    worker.take([*attempt("quick", 0, 0.5), *attempt("slow", 0, 0.6)])
    worker.take([event("task.start_requested", 0, task_name="order"), event("task.completed", 6, task_name="order")])
    assert value(worker, "step_duration_seconds_bucket", step_name="quick_step", le="0.5") == 1
    assert value(worker, "step_duration_seconds_bucket", step_name="slow_step", le="0.5") == 0
    assert value(worker, "step_duration_seconds_bucket", step_name="slow_step", le="+Inf") == 1
    assert value(worker, "task_duration_seconds_sum", task_name="order") == 6


def test_names_beyond_the_limit_share_a_label_and_are_counted() -> None:
    worker = WindowWorker(metric_names=2)
    worker.take([event("task.completed", 1, f"t{n}", task_name=f"name-{n % 4}") for n in range(40)])
    assert value(worker, "tasks_ended_total", task_name="name-1", outcome="complete") == 10
    assert value(worker, "tasks_ended_total", task_name="other", outcome="complete") == 20
    assert value(worker, "tasks_ended_total", task_name="name-2", outcome="complete") is None
    assert value(worker, "names_over_limit_total", kind="task") == 20


def test_events_that_came_twice_or_out_of_order_are_counted(worker: WindowWorker) -> None:
    late, *rest = sorted(order_processing(), key=lambda told: told["timestamp"])
    worker.take(rest)
    before = value(worker, "late_events_total")
    worker.take([late, rest[-1]])
    assert before == 0
    assert (value(worker, "late_events_total"), value(worker, "duplicate_events_total")) == (1, 1)


def test_an_event_of_a_step_whose_task_shrank_is_late(worker: WindowWorker) -> None:
    worker.take([event("task.completed", 0)])
    worker.wait(8 * 86_400 * SECOND)
    worker.take([event("step.handle", 99, step_id="later")])
    assert value(worker, "late_events_total") == 1


def test_open_and_abandoned_tasks_are_counted(worker: WindowWorker) -> None:
    worker.take([event("task.start_requested", 0, "a"), event("task.start_requested", 0, "b")])
    worker.now = T0 + 25 * 3600 * SECOND
    worker.sweep()
    worker.take([event("task.completed", 9, "a")])
    assert (value(worker, "open_tasks"), value(worker, "tasks_abandoned_total")) == (1, 2)


def test_a_reaction_that_is_never_written_counts_nothing(worker: WindowWorker) -> None:
    worker.log.left = 0
    with pytest.raises(Crash):
        worker.take(order_processing())
    assert value(worker, "tasks_ended_total", task_name="order_processing", outcome="complete") is None


def test_everything_can_be_told_to_prometheus(worker: WindowWorker) -> None:
    worker.take(order_processing())
    text = generate_latest(worker.processor.registry).decode()
    assert 'tasker_stats_task_duration_seconds_bucket{le="15.0",task_name="order_processing"} 1.0' in text
