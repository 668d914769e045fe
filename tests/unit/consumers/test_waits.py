"""The signs of steps: a lattice, also beyond the limit; which waits hold, and until when they excuse a silence."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.waits import (
    MOST_SIGNS,
    SIGN_EVENTS,
    LastAttempt,
    Signs,
    Wait,
    learn_sign,
    shown_status,
    silence_ends_at,
    waits_that_hold,
)
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import ObservabilityEvents, State
from tasker_schemas.waiting import Sign
from tests.support.stats.histories import waiting_for

ERROR, RUNNING = RANK[State.ERROR], RANK[State.IN_PROGRESS]


@st.composite
def sign_events(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a sign of any of many steps: few times, so that they collide often."""
    return {
        "event_name": draw(st.sampled_from(sorted(SIGN_EVENTS))),
        "timestamp": draw(st.integers(0, 20)),
        "step_id": draw(st.none() | st.integers(0, 2 * MOST_SIGNS).map(str)),
        "attempt_number": draw(st.none() | st.integers(1, 3)),
        "attributes": draw(st.just({}) | st.sampled_from(["approval", "timer"]).map(waiting_for)),
    }


def signs_of(events: list[dict[str, Any]]) -> Signs:
    signs: Signs = {}
    for event in events:
        learn_sign(signs, event)
    return signs


@given(st.lists(sign_events(), max_size=4 * MOST_SIGNS), st.randoms())
def test_the_signs_that_are_kept_depend_on_no_order_and_on_no_duplicate(
    events: list[dict[str, Any]], random: Random
) -> None:
    shuffled = [*events, *random.sample(events, len(events) // 2)]
    random.shuffle(shuffled)
    assert signs_of(shuffled) == signs_of(events)
    assert len(signs_of(events)) <= MOST_SIGNS


def test_beyond_the_limit_the_latest_signs_stay() -> None:
    name = ObservabilityEvents.Step.WAITING
    events = [{"event_name": name, "timestamp": n, "step_id": str(n)} for n in range(MOST_SIGNS + 9)]
    assert signs_of(events).keys() == {str(n) for n in range(9, MOST_SIGNS + 9)}


@pytest.mark.parametrize(
    ("attempt", "last", "holds"),
    [
        (1, None, True),
        (1, (1, RUNNING), True),
        (1, (1, ERROR), False),
        (1, (2, RUNNING), False),
        (2, (1, ERROR), True),
        (0, (2, RUNNING), True),
        (0, (2, ERROR), False),
    ],
)
def test_the_wait_of_a_step_holds_while_its_attempt_is_the_last_and_goes_on(
    attempt: int, last: LastAttempt | None, holds: bool
) -> None:
    sign = Sign(5, "timer", attempt)
    assert waits_that_hold({"pay": sign}, 99, lambda _: last) == ([Wait(sign, "pay")] if holds else [])


@pytest.mark.parametrize(("last_event_at", "holds"), [(4, True), (5, True), (6, False)])
def test_the_wait_of_a_task_holds_until_a_later_event(last_event_at: int, holds: bool) -> None:
    assert bool(waits_that_hold({"": Sign(5, "approval")}, last_event_at, lambda _: None)) is holds


def test_a_step_that_goes_on_does_not_wait() -> None:
    assert waits_that_hold({"pay": Sign(5)}, 5, lambda _: None) == []


def test_the_most_patient_of_several_waits_counts_and_their_limits_replace_the_usual() -> None:
    short, long = Wait(Sign(0, "bank", limit_s=1), "a"), Wait(Sign(0, "timer", until=9_000_000, limit_s=2), "b")
    assert silence_ends_at(1_000_000, [short], 60) == 2_000_000
    assert silence_ends_at(1_000_000, [short, long], 60) == 11_000_000


@pytest.mark.parametrize(
    ("status", "reason", "shown"),
    [("pending", "timer", "waiting"), ("in_progress", None, "in_progress"), ("abandoned", "timer", "abandoned")],
)
def test_a_task_that_goes_on_and_waits_is_shown_as_waiting(status: str, reason: str | None, shown: str) -> None:
    assert shown_status({"status": status, "waiting_for": reason}) == shown


def test_statistics_of_an_older_worker_wait_for_nothing() -> None:
    assert shown_status({"status": "in_progress"}) == "in_progress"
