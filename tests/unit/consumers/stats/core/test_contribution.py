"""Contributions to windows: none before the task is over, and the same from its statistics and from its state."""

from typing import Any

import pytest
from hypothesis import given

from tasker_consumers.stats.core.contribution import FIRST_OUTCOME, OUTCOMES, Contribution, contribution_of_stats
from tasker_consumers.stats.core.derive import contribution_of_state, derive_stats
from tasker_consumers.stats.core.fold import fold
from tasker_consumers.stats.core.state import TaskState
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State
from tests.support.stats.histories import SECOND, T0, histories, order_processing

ENDED = {
    "task_name": "order",
    "status": State.COMPLETE,
    "completed_at": T0,
    "duration_s": 1.5,
    "retries": 2,
}


def state_of(events: list[dict[str, Any]]) -> TaskState:
    state = TaskState("42")
    for event in events:
        state = fold(state, event)
    return state


def test_a_whole_order_contributes_its_end_its_retries_and_its_duration() -> None:
    assert contribution_of_stats(derive_stats(state_of(order_processing()))) == Contribution(
        "order_processing", T0 + 7 * SECOND, RANK[State.COMPLETE], 1, 6 * SECOND
    )


@given(histories)
def test_statistics_and_state_give_the_same_contribution(history: list[tuple[dict[str, Any], Any]]) -> None:
    state = state_of([event for event, _ in history])
    assert contribution_of_stats(derive_stats(state)) == contribution_of_state(state)


@pytest.mark.parametrize("status", State)
def test_a_task_contributes_exactly_when_its_status_is_an_outcome(status: State) -> None:
    contribution = contribution_of_stats({**ENDED, "status": status})
    assert (contribution is not None) == (status in OUTCOMES.values())
    assert contribution is None or OUTCOMES[contribution.rank] is status


def test_the_outcomes_are_the_highest_ranks_without_a_gap() -> None:
    assert sorted(OUTCOMES) == list(range(FIRST_OUTCOME, max(RANK.values()) + 1))


def test_a_task_without_an_end_contributes_nothing() -> None:
    assert contribution_of_stats({**ENDED, "completed_at": None}) is None


@pytest.mark.parametrize(("seconds", "micros"), [(None, None), (0.0, 0), (0.1, 100_000), (1e-6, 1), (4.35, 4_350_000)])
def test_a_duration_counts_in_whole_microseconds_and_stays_unknown_if_unknown(
    seconds: float | None, micros: int | None
) -> None:
    contribution = contribution_of_stats({**ENDED, "duration_s": seconds})
    assert contribution == Contribution("order", T0, RANK[State.COMPLETE], 2, micros)


def test_a_task_without_a_name_contributes_under_the_empty_name() -> None:
    contribution = contribution_of_stats({**ENDED, "task_name": None})
    assert contribution is not None
    assert contribution.name == ""
