"""States between the engine and the fold."""

from tasker_consumers.telemetry.core.event import span_decoder
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.processing.task_states import TaskStates
from tests.support.telemetry.histories import TASK, order, told


def folded_by(states: TaskStates, state: TaskState | None, *records: object) -> TaskState:
    for record in records:
        state = states.fold(state, states.decode(record))
    assert state is not None
    return state


def counting() -> tuple[TaskStates, list[int]]:
    outside: list[int] = []
    return TaskStates(span_decoder().decode, lambda: outside.append(1)), outside


def test_a_state_is_the_same_after_it_was_dumped_and_loaded() -> None:
    states, _ = counting()
    entries = states.dump(TASK.encode(), folded_by(states, None, *order()))
    loaded = states.load(TASK.encode(), entries.get)
    assert loaded is not None
    assert loaded.dump().keys() <= entries.keys()
    assert loaded.head.task_id == TASK


def test_an_event_outside_of_any_task_is_counted_and_has_no_entries() -> None:
    states, outside = counting()
    state = folded_by(states, None, told("shop.opened", 0, task_id=None))
    assert state.is_outside
    assert states.dump(b"shop.opened", state) == {}
    assert outside == [1]


def test_a_task_with_the_key_of_an_event_outside_begins_anew() -> None:
    states, outside = counting()
    state = folded_by(states, None, told("shop.opened", 0, task_id=None), *order()[:2])
    assert (state.head.task_id, outside) == (TASK, [1])


def test_an_event_outside_leaves_a_task_as_it_is() -> None:
    states, _ = counting()
    state = folded_by(states, None, *order()[:2])
    assert folded_by(states, state, told("shop.opened", 0, task_id=None)) is state
