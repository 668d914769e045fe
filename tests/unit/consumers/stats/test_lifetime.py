"""The effects of time on states: waiting makes no figure poorer, and no single clock deletes a state."""

import logging
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.stats.lifetime import Lifetime
from tasker_schemas.silence import SILENCE_LIMIT
from tests.support.stats.histories import SECOND, T0, attempt, event, histories, order_processing, waiting_for
from tests.support.stats.window_worker import WindowWorker

HOUR, DAY = 3600 * SECOND, 86_400 * SECOND
Events = list[dict[str, Any]]


def steps(count: int, start: float = 0) -> Events:
    return [told for n in range(count) for told in attempt(f"s{n}", start + n, start + n + 1)]


def started(total_steps: int = 6) -> Events:
    return [event("task.start_requested", 0, task_name="order", total_steps=total_steps, started_at=T0)]


def after_waiting(before: Events, waiting: float, after: Events) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the statistics before and after some time in which states are swept hourly at first, then daily."""
    worker = WindowWorker()
    worker.take(before)
    first = worker.statistics()["42"]
    worker.wait(round(waiting))
    worker.take(after)
    return first, worker.statistics()["42"]


def test_an_open_task_that_waits_for_an_approval_for_eight_days_keeps_its_steps() -> None:
    before = started() + steps(5)
    after = [*attempt("s5", 691_200, 691_201), event("task.completed", 691_201)]
    first, last = after_waiting(before, 8 * DAY, after)
    assert (last["status"], last["completed_steps"], last["task_name"], last["started_at"]) == (
        "complete", 6, "order", T0,
    )  # fmt: skip
    assert last["revision"] > first["revision"]


def test_a_failed_task_that_is_resolved_after_eight_days_keeps_its_steps() -> None:
    before = started() + steps(5) + attempt("s5", 5, 6, "failed") + [event("task.failed", 6)]
    first, last = after_waiting(before, 8 * DAY, [event("task.resolved_manually", 691_200)])
    assert (last["status"], last["task_name"], last["completed_steps"], last["failed_steps"]) == (
        "resolved_manually", "order", 5, 1,
    )  # fmt: skip
    assert last["revision"] > first["revision"]


def test_a_task_that_is_retried_after_a_weekend_counts_its_retry() -> None:
    before = started() + steps(5) + attempt("s5", 5, 6, "failed") + [event("task.failed", 6)]
    retry = [event("task.retry_requested", 216_000), *attempt("s5", 216_001, 216_002, number=2)]
    _, last = after_waiting(before, 60 * HOUR, [*retry, event("task.completed", 216_003)])
    assert (last["status"], last["completed_steps"], last["failed_steps"], last["retries"]) == ("complete", 6, 0, 1)


def test_steps_that_come_two_hours_after_the_end_of_their_task_are_counted() -> None:
    _, last = after_waiting([*started(3), event("task.completed", 4)], 2 * HOUR, steps(3))
    assert (last["status"], last["completed_steps"], last["pending_steps"]) == ("complete", 3, 0)


def test_steps_that_are_missing_keep_a_complete_task_from_being_shrunk() -> None:
    _, last = after_waiting([*started(3), event("task.completed", 4)], 40 * DAY, steps(3))
    assert (last["status"], last["task_name"], last["completed_steps"]) == ("complete", "order", 3)


@hypothesis_settings(max_examples=60)
@given(histories.filter(bool), st.data())
def test_waiting_between_events_changes_no_figure(history: list[Any], data: st.DataObject) -> None:
    told = [one for one, _ in history]
    worker, revision = WindowWorker(), 0
    for one in told:
        worker.wait(data.draw(st.sampled_from([0, HOUR, DAY, 3 * DAY])))
        worker.take([one])
        assert worker.statistics()["42"]["revision"] >= revision
        revision = worker.statistics()["42"]["revision"]
    last = worker.statistics()["42"]
    assert {**last, "revision": 0, "trace_id": 0} == {**recompute(told)["42"], "revision": 0, "trace_id": 0}


def test_results_of_a_settled_task_outlive_its_steps_and_take_later_events_of_the_task() -> None:
    first, last = after_waiting(order_processing(), 10 * DAY, [event("task.resolved_manually", 864_000)])
    changed = {"status", "completed_at", "duration_s", "parallelism", "last_event_at", "revision"}
    assert {name for name in first if first[name] != last[name]} == changed
    assert last["revision"] > first["revision"]


@pytest.mark.parametrize(("end", "days"), [("completed", 31), ("cancelled", 31), ("failed", 366)])
def test_a_task_is_forgotten_with_a_tombstone_after_its_time(end: str, days: int) -> None:
    worker = WindowWorker()
    worker.take([event("task.start_requested", 0), event(f"task.{end}", 1)])
    worker.wait((days - 2) * DAY)
    assert worker.statistics()["42"]
    worker.wait(4 * DAY)
    assert worker.statistics() == {}
    assert list(worker.store.heads(0)) == []
    assert worker.log.topics["tasker.stats.task"][-1][:2] == (b"42", None)


@pytest.mark.parametrize("ahead", [8 * DAY, 4000 * DAY, -8 * DAY])
def test_a_wrong_clock_of_the_host_deletes_nothing_and_is_reported_once(
    ahead: int, caplog: pytest.LogCaptureFixture
) -> None:
    worker = WindowWorker()
    worker.take([{**told, "task_id": f"t{n}"} for n in range(20) for told in order_processing()[:-1]])
    worker.wall_ahead = ahead
    before = len(worker.log.topics["tasker.stats.task"])
    with caplog.at_level(logging.WARNING):
        worker.sweep()
    assert len(worker.log.topics["tasker.stats.task"]) == before
    assert len(list(worker.store.heads(0))) == 20
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_record_times_of_a_client_that_is_ahead_delete_nothing_either() -> None:
    worker = WindowWorker()
    worker.take(order_processing())
    worker.take([event("task.completed", 8, "other")], record_time=T0 + 4000 * DAY)
    worker.sweep()
    assert len(list(worker.store.heads(0))) == 2


def test_a_worker_that_read_no_record_yet_deletes_nothing() -> None:
    worker = WindowWorker()
    worker.take(order_processing())
    worker.now += 4000 * DAY
    worker.start()
    worker.sweep()
    assert len(list(worker.store.heads(0))) == 1


def test_a_silent_task_is_marked_abandoned_once_also_after_a_restart() -> None:
    worker = WindowWorker()
    worker.take(order_processing()[:5])
    worker.start()
    worker.now += 25 * HOUR
    worker.sweep()
    before = len(worker.log.topics["tasker.stats.task"])
    worker.sweep()
    assert worker.statistics()["42"]["status"] == "abandoned"
    assert len(worker.log.topics["tasker.stats.task"]) == before


@pytest.mark.parametrize(("limit", "patient_until", "abandoned_at"), [(3 * 86_400, 72, 74), (600, 0, 2)])
def test_a_task_that_gives_its_own_limit_is_abandoned_after_that(
    limit: int, patient_until: int, abandoned_at: int
) -> None:
    worker = WindowWorker()
    created = event("task.initialize_requested", 0, attributes={SILENCE_LIMIT: limit})
    worker.take([created, event("task.start_requested", 1, attributes={SILENCE_LIMIT: 60})])
    worker.start()
    begun = worker.now
    worker.now = begun + patient_until * HOUR
    worker.sweep()
    assert worker.statistics()["42"]["status"] == "in_progress"
    worker.now = begun + abandoned_at * HOUR
    worker.sweep()
    assert worker.statistics()["42"]["status"] == "abandoned"


@pytest.mark.parametrize(
    ("wait", "patient_until", "abandoned_at"),
    [
        (waiting_for("approval"), 23, 25),
        (waiting_for("approval", limit_s=72 * 3600), 71, 73),
        (waiting_for("timer", until=72 * 3600), 95, 97),
        (waiting_for("timer", until=72 * 3600, limit_s=3600), 72, 74),
    ],
)
def test_a_task_that_waits_is_abandoned_when_its_wait_has_lasted_too_long(
    wait: Any, patient_until: int, abandoned_at: int
) -> None:
    worker = WindowWorker()
    worker.now = T0
    worker.take([*started(), event("observability.task.waiting", 1, attributes=wait)])
    worker.start()
    worker.now = T0 + patient_until * HOUR
    worker.sweep()
    assert worker.statistics()["42"]["status"] == "in_progress"
    worker.now = T0 + abandoned_at * HOUR
    worker.sweep()
    last = worker.statistics()["42"]
    assert (last["status"], last["waiting_for"]) == ("abandoned", wait["waiting_for"])


def test_a_wait_that_has_ended_excuses_no_silence() -> None:
    worker = WindowWorker()
    waits = event("observability.task.waiting", 1, attributes=waiting_for("timer", until=90 * 86_400))
    worker.take([*started(), waits, *attempt("s0", 2, 3)])
    worker.now += 25 * HOUR
    worker.sweep()
    assert worker.statistics()["42"]["status"] == "abandoned"


@pytest.mark.parametrize("seed", range(5))
def test_a_lifetime_of_seconds_ends_in_the_same_records(seed: int) -> None:
    worker, told = WindowWorker(Lifetime(retention_s=1, results_s=1, unfinished_s=10**9)), order_processing()
    Random(seed).shuffle(told)
    for one in told:
        worker.take([one])
        worker.wait(HOUR // 3)
    assert worker.statistics()["42"]["completed_steps"] == 4
