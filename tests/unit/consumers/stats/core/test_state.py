"""The facts of a task: which of two contradicting facts holds, and how many events are known."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core.fold import fold
from tasker_consumers.stats.core.state import ErrorFact, StatusEvent, TaskState, TraceCarrier
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State, StepEvents, TaskEvents
from tests.support.stats.histories import event, large_task, order_processing

OVER = {State.ERROR, State.COMPLETE, State.CANCELLED, State.RESOLVED_MANUALLY}


def state_of(*events: dict[str, object]) -> TaskState:
    state = TaskState("42")
    for fact in events:
        state = fold(state, fact)
    return state


@pytest.mark.parametrize("status", [status for status in State if status in RANK])
def test_a_task_is_over_by_its_outcomes_only(status: State) -> None:
    assert StatusEvent(0, RANK[status], 0).terminal == (status in OVER)


def test_of_two_events_of_the_same_time_the_higher_rank_sets_the_status() -> None:
    complete, progress = StatusEvent(5, RANK[State.COMPLETE], 1), StatusEvent(5, RANK[State.IN_PROGRESS], 9)
    assert max(complete, progress) is complete
    assert max(complete, progress._replace(timestamp=6)).rank == RANK[State.IN_PROGRESS]


def test_the_trace_is_carried_by_the_earliest_event_whatever_the_ids() -> None:
    early, late = TraceCarrier(1, "z", "f" * 32), TraceCarrier(2, "a", "0" * 32)
    assert min(late, early) is early


def test_a_failed_step_comes_before_the_task_that_fails_with_it() -> None:
    of_step, of_task = ErrorFact(1, False, "s", 3, "Z", "z"), ErrorFact(1, True, "", 1, "A", "a")
    earlier = of_task._replace(timestamp=0)
    assert sorted([of_task, of_step, earlier]) == [earlier, of_step, of_task]


@given(st.randoms())
def test_every_different_event_is_known_once_in_any_order(random: Random) -> None:
    events = order_processing()
    deliveries = random.sample(events * 2, 2 * len(events))
    state = state_of(*deliveries)
    assert state.known_events == len(events)
    assert state.repeated == len(events)


def test_events_of_a_large_task_are_known_in_all_its_buckets() -> None:
    events = large_task(300)
    state = state_of(*events)
    assert state.steps.spread
    assert state.known_events == len(events)


def test_events_of_the_task_and_of_its_steps_are_both_known() -> None:
    state = state_of(event(TaskEvents.START_REQUESTED, 0), event(StepEvents.HANDLE, 1, step_id="s"))
    assert (len(state.events), state.known_events) == (1, 2)


def test_two_tasks_share_no_facts() -> None:
    first, second = state_of(*order_processing()), TaskState("43")
    assert first.known_events
    assert second.known_events == 0
