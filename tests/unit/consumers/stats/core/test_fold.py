"""The fold: every order and every number of deliveries gives the same statistics."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core.derive import derive_stats
from tasker_consumers.stats.core.fold import MESSAGE_LENGTH, fold, recompute
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.storage import dump
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.avro.versions import TASK_STATS
from tasker_schemas.identity import trace_id_of
from tasker_schemas.names import State, StepEvents, TaskEvents, WorkflowEvents
from tests.support.stats.histories import (
    SECOND,
    T0,
    attempt,
    event,
    events,
    headers_of,
    histories,
    large_task,
    order_processing,
)

History = list[tuple[dict[str, Any], list[tuple[str, bytes]]]]


def stats_of(*told: dict[str, Any]) -> dict[str, Any]:
    return recompute(told)[told[0]["task_id"]]


def of_history(history: History) -> dict[str, Any]:
    return recompute([told for told, _ in history], [headers for _, headers in history])


@given(histories, st.randoms())
def test_any_order_gives_the_same_statistics(history: History, random: Random) -> None:
    shuffled = random.sample(history, len(history))
    assert of_history(shuffled) == of_history(history)


@given(histories, st.data())
def test_any_duplicates_give_the_same_statistics(history: History, data: st.DataObject) -> None:
    repeated = data.draw(st.lists(st.sampled_from(history), max_size=8)) if history else []
    assert of_history([*history, *repeated]) == of_history(history)


@given(histories.filter(bool), events())
def test_an_event_more_never_lowers_the_revision(history: History, more: tuple[Any, Any]) -> None:
    before, after = of_history(history)["42"], of_history([*history, more])["42"]
    assert after["revision"] > before["revision"]


@given(histories.filter(bool))
def test_whatever_happens_the_statistics_are_a_record_of_the_topic(history: History) -> None:
    result = of_history(history)["42"]
    assert Decoder().decode(TASK_STATS, encode(TASK_STATS, result)) == result
    assert result["pending_steps"] >= 0
    assert all(result[name] is None or result[name] >= 0 for name in result if name.endswith("_s"))


@pytest.mark.parametrize("seed", range(20))
def test_a_whole_order_is_counted_right_in_any_order(seed: int) -> None:
    told = order_processing() * 2
    Random(seed).shuffle(told)
    assert stats_of(*told) == {
        "task_id": "42",
        "task_name": "order_processing",
        "status": State.COMPLETE,
        "trace_id": trace_id_of("42"),
        "created_at": T0,
        "started_at": T0 + SECOND,
        "completed_at": T0 + 7 * SECOND,
        "last_event_at": T0 + 7 * SECOND,
        "queue_time_s": 1.0,
        "duration_s": 6.0,
        "total_steps": 4,
        "completed_steps": 4,
        "failed_steps": 0,
        "cancelled_steps": 0,
        "pending_steps": 0,
        "attempts": 5,
        "retries": 1,
        "step_time_s": 8.0,
        "parallelism": 8 / 6,
        "longest_step": "charge",
        "longest_step_s": 4.0,  # from its first start, the wait before the retry included
        "critical_path": ["fetch", "charge", "ship"],
        "critical_path_s": 6.0,
        "first_error": {
            "error_class": "Timeout",
            "error_message": "no answer",
            "step_id": "charge",
            "attempt_number": 1,
        },
        "revision": 28,
        **dict.fromkeys(("waiting_for", "waiting_since", "waiting_until", "waiting_step")),
    }


def test_a_task_shows_its_progress_before_it_ends() -> None:
    result = stats_of(*order_processing()[:5])
    assert (result["status"], result["completed_steps"], result["pending_steps"]) == (State.IN_PROGRESS, 1, 3)
    assert result["duration_s"] is None
    assert result["critical_path"] is None


def test_a_failed_task_that_is_retried_completes_after_all() -> None:
    failed = [event(TaskEvents.START_REQUESTED, 0), event(TaskEvents.FAILED, 1, error_class="Boom")]
    retried = [
        event(TaskEvents.RETRY_REQUESTED, 2),
        event(TaskEvents.START_REQUESTED, 3),
        event(TaskEvents.COMPLETED, 5),
    ]
    assert stats_of(*failed)["status"] is State.ERROR
    assert stats_of(*failed, retried[0])["status"] is State.PENDING
    result = stats_of(*failed, *retried)
    assert (result["status"], result["duration_s"]) == (State.COMPLETE, 5.0)
    assert result["first_error"]["error_class"] == "Boom"


def test_a_step_is_counted_once_by_its_last_attempt() -> None:
    told = [*attempt("s", 0, 1, "failed"), event(StepEvents.RETRY_REQUESTED, 1, step_id="s", attempt_number=2)]
    assert stats_of(*told)["failed_steps"] == 0
    assert stats_of(*told)["pending_steps"] == 1
    ended = stats_of(*told, *attempt("s", 2, 3, "failed", number=2))
    assert (ended["failed_steps"], ended["pending_steps"], ended["attempts"], ended["retries"]) == (1, 0, 2, 1)


def test_a_late_retry_request_does_not_undo_its_attempt() -> None:
    told = [*attempt("s", 2, 3, number=2), event(StepEvents.RETRY_REQUESTED, 9, step_id="s", attempt_number=2)]
    assert stats_of(*told)["completed_steps"] == 1


def test_a_history_that_begins_with_attempt_three_has_three_attempts() -> None:
    result = stats_of(*attempt("s", 0, 1, number=3))
    assert (result["attempts"], result["retries"]) == (3, 2)


def test_a_step_resolved_by_hand_counts_as_completed() -> None:
    told = [*attempt("s", 0, 1, "failed"), event(StepEvents.RESOLVED_MANUALLY, 5000, step_id="s")]
    result = stats_of(*told)
    assert (result["completed_steps"], result["failed_steps"]) == (1, 0)
    assert result["longest_step_s"] == 1.0  # the hours until somebody looked are not the attempt's


def test_an_end_before_the_start_counts_as_no_time() -> None:
    told = {"started_at": T0 + 9 * SECOND, "completed_at": T0}
    result = stats_of(event(StepEvents.COMPLETED, 1, step_id="s", **told), event(TaskEvents.COMPLETED, 1, **told))
    assert (result["duration_s"], result["step_time_s"], result["longest_step_s"]) == (0.0, 0.0, 0.0)
    assert result["parallelism"] is None


def test_times_that_nobody_told_come_from_the_events() -> None:
    result = stats_of(
        event(TaskEvents.START_REQUESTED, 1),
        event(StepEvents.HANDLE, 2, step_id="s"),
        event(StepEvents.COMPLETED, 5, step_id="s"),
        event(TaskEvents.COMPLETED, 7),
    )
    assert (result["duration_s"], result["step_time_s"], result["longest_step_s"]) == (6.0, 3.0, 3.0)


def test_steps_that_were_announced_but_never_seen_are_pending() -> None:
    result = stats_of(event(TaskEvents.INITIALIZE_REQUESTED, 0, total_steps=5), *attempt("s", 0, 1))
    assert (result["total_steps"], result["pending_steps"]) == (5, 4)


def test_a_task_known_by_its_steps_alone_is_in_progress() -> None:
    assert stats_of(event(StepEvents.EXECUTION_REQUESTED, 0, step_id="s"))["status"] is State.PENDING
    assert stats_of(event(StepEvents.HANDLE, 0, step_id="s"))["status"] is State.IN_PROGRESS


def test_queueing_and_workflow_events_fill_what_the_task_did_not_tell() -> None:
    result = stats_of(
        event("observability.task.enqueue", 0),
        event("observability.task.start", 4),
        event(WorkflowEvents.TASK_STARTED, 5, total_steps=3),
    )
    assert (result["queue_time_s"], result["total_steps"]) == (4.0, 3)


def test_the_trace_is_that_of_the_earliest_event_that_carries_one() -> None:
    told = [event(StepEvents.HANDLE, at, step_id="s") for at in (3, 1, 2)]
    headers = [headers_of("3" * 32), [("traceparent", b"broken")], headers_of("2" * 32)]
    assert recompute(told, headers)["42"]["trace_id"] == "2" * 32


def test_a_name_newer_than_the_reader_counts_but_changes_no_state() -> None:
    told = [*attempt("s", 0, 1), event("step.paused", 2, step_id="s", attempt_number=2)]
    result = stats_of(*told)
    assert (result["completed_steps"], result["attempts"], result["revision"]) == (1, 1, 6)


def test_custom_events_of_a_task_change_none_of_its_statistics() -> None:
    told = order_processing()
    assert stats_of(*told, event("order.payment_processed", 99)) == stats_of(*told)


def test_a_long_error_message_is_cut() -> None:
    result = stats_of(event(TaskEvents.FAILED, 0, error_message="x" * 10_000))
    assert result["first_error"]["error_message"] == "x" * MESSAGE_LENGTH
    assert result["first_error"]["step_id"] is None


def test_a_large_task_is_counted_like_a_small_one() -> None:
    told = large_task(2000)
    Random(1).shuffle(told)
    result = stats_of(*told)
    assert (result["completed_steps"], result["attempts"], result["step_time_s"]) == (2000, 2000, 2000.0)
    assert result["critical_path"] == [f"s{n}" for n in range(2000)]
    assert (result["longest_step"], result["revision"]) == ("s0", 2 * 4002)


def test_an_abandoned_task_comes_back_with_its_next_event() -> None:
    start, *later = attempt("s", 0, 1)
    state = fold(None, start)
    state.abandoned_after = state.known_events
    given_up = derive_stats(state)
    assert given_up["status"] is State.ABANDONED
    assert derive_stats(fold(state, start))["status"] is State.ABANDONED  # a duplicate is no news
    back = derive_stats(fold(state, later[0]))
    assert back["status"] is State.IN_PROGRESS
    assert back["revision"] > given_up["revision"]


def test_steps_of_a_frozen_task_change_nothing_any_more() -> None:
    state: TaskState | None = None
    for told in order_processing():
        state = fold(state, told)
    assert state is not None
    before = derive_stats(state)
    state.steps.freeze()
    assert derive_stats(fold(state, event(StepEvents.HANDLE, 99, step_id="new"))) == before
    assert derive_stats(fold(state, event(TaskEvents.RESOLVED_MANUALLY, 99)))["status"] is State.RESOLVED_MANUALLY


def test_a_task_with_very_many_events_of_its_own_has_a_small_head_and_counts_each_event_once() -> None:
    state: TaskState | None = None
    events = [event(TaskEvents.START_REQUESTED, number, task_name="poll") for number in range(20_000)]
    for one in [*events, *events[::7]]:
        state = fold(state, one)
    assert state is not None
    assert (state.known_events, state.repeated) == (20_000, len(events[::7]))
    assert len(dump(b"42", state)[b"42"] or b"") < 100_000
