"""Changes of windows: whatever a task did between its batches, the windows hold its last contributions only."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core.contribution import OUTCOMES, Contribution
from tasker_consumers.stats.core.counting import Change, WindowDelta, WindowDeltas, changes_of
from tasker_consumers.stats.core.derive import contribution_of_state
from tasker_consumers.stats.core.fold import fold
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S, STEP, TASK, Window, WindowKey
from tests.support.stats.histories import SECOND, T0, attempt, event, histories, order_processing

Windows = dict[WindowKey, Window]

contributions = st.builds(
    Contribution,
    st.sampled_from(["order", "refund"]),
    st.sampled_from([T0, T0 + 70 * SECOND, T0 + 2 * HOUR_S * SECOND]),
    st.sampled_from(sorted(OUTCOMES)),
    st.integers(0, 3),
    st.none() | st.integers(0, 10**6),
)


def windows_of(deltas: WindowDeltas) -> Windows:
    """Return the windows that the deltas change."""
    return {key: delta.window for key, delta in deltas.windows() if delta.window != Window()}


def state_of(events: list[dict[str, Any]], first_heard_at: int = 5) -> TaskState:
    state = TaskState("42", first_heard_at=first_heard_at)
    for fact in events:
        state = fold(state, fact)
    return state


def task_windows(state: TaskState) -> Windows:
    deltas = WindowDeltas()
    deltas.add_task(state)
    return windows_of(deltas)


@given(st.lists(st.none() | contributions, min_size=1))
def test_of_a_chain_of_changes_only_the_last_contribution_remains(chain: list[Contribution | None]) -> None:
    stepwise, direct = WindowDeltas(), WindowDeltas()
    for previous, current in pairwise([None, *chain]):
        stepwise.add([Change(TASK, "order", 1, previous, current)])
    direct.add([Change(TASK, "order", 1, None, chain[-1])])
    assert windows_of(stepwise) == windows_of(direct)


@given(st.lists(contributions))
def test_an_hour_is_the_sum_of_its_minutes(parts: list[Contribution]) -> None:
    deltas = WindowDeltas()
    deltas.add(Change(STEP, part.name, 1, None, part) for part in parts)
    hours: Windows = {}
    for key, delta in deltas.windows():
        if key.length_s == MINUTE_S:
            hour = key._replace(length_s=HOUR_S, start=key.start - key.start % (HOUR_S * SECOND))
            hours.setdefault(hour, Window()).merge(delta.window)
    assert {key: delta.window for key, delta in deltas.windows() if key.length_s == HOUR_S} == hours


@given(histories)
def test_the_changes_of_a_new_task_are_its_whole_contribution(history: list[tuple[dict[str, Any], Any]]) -> None:
    state, deltas = state_of([fact for fact, _ in history]), WindowDeltas()
    deltas.add(changes_of(state, contribution_of_state(state)))
    assert windows_of(deltas) == task_windows(state)


@given(histories)
def test_a_task_that_is_taken_away_leaves_no_trace(history: list[tuple[dict[str, Any], Any]]) -> None:
    state, deltas = state_of([fact for fact, _ in history]), WindowDeltas()
    deltas.add_task(state)
    deltas.add_task(state, -1)
    assert windows_of(deltas) == {}


def test_a_frozen_task_contributes_like_before_it_was_frozen() -> None:
    state = state_of(order_processing())
    before = task_windows(state)
    state.steps.freeze()
    assert task_windows(state) == before
    assert {key.kind for key in before} == {TASK, STEP}


def test_a_change_of_a_step_says_how_many_retries_came_with_it() -> None:
    state = state_of([*attempt("s", 0, 1, "failed"), *attempt("s", 2, 3, number=3)])
    (change,) = changes_of(state, None)
    assert (change.kind, change.name, change.retries, change.first_heard_at) == (STEP, "s_step", 2, 5)
    assert change.previous is None


def test_a_step_and_a_task_that_contribute_as_before_are_no_change() -> None:
    state = state_of([event("task.completed", 1)])
    current = state.stored_contribution = contribution_of_state(state)
    assert changes_of(state, current) == []
    (change,) = changes_of(state, None)
    assert (change.kind, change.previous, change.current) == (TASK, current, None)


@given(st.lists(st.none() | st.integers(0, 9)))
def test_a_delta_is_as_old_as_its_earliest_task(times: list[int | None]) -> None:
    delta = WindowDelta()
    for time in times:
        delta.merge(Window(), time)
    assert delta.first_heard_at == min((time for time in times if time is not None), default=None)
