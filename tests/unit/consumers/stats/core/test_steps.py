"""What is known of a step: joins that forget order and repetition, and what the numbers mean."""

from dataclasses import asdict
from itertools import count
from random import Random
from typing import Any
from unittest.mock import patch

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core import steps as steps_module
from tasker_consumers.stats.core.steps import MOST_ATTEMPTS, Attempt, Figures, Step
from tasker_consumers.stats.core.summary import Summary
from tasker_schemas.names import StepEvents
from tests.support.scale import SCALE
from tests.support.stats.histories import SECOND, T0, attempt, event

moments = st.none() | st.integers(0, 9)
attempts = st.builds(Attempt, st.integers(0, 5), moments, moments, moments, moments, moments)


@st.composite
def outcomes(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one of the events that say most about an attempt; nearly all draws are about the same one."""
    name = draw(st.sampled_from([StepEvents.HANDLE, StepEvents.COMPLETED, StepEvents.FAILED, StepEvents.CANCELLED]))
    return event(
        name,
        draw(st.integers(0, 9)),
        step_id="s",
        attempt_number=draw(st.sampled_from([1, 1, 1, 2])),
        started_at=draw(moments),
        completed_at=draw(moments),
        execution_duration=draw(st.none() | st.integers(0, 9)),
        depends_on=draw(st.none() | st.lists(st.sampled_from("abc"), max_size=2)),
        step_name=draw(st.sampled_from([None, "one", "two"])),
    )


def knows(*told: dict[str, Any]) -> Step:
    step = Step.unknown()
    for digest, one in enumerate(told):
        step.learn(one, digest)
    return step


@given(attempts, attempts, attempts)
def test_joining_attempts_is_commutative_associative_and_idempotent(a: Attempt, b: Attempt, c: Attempt) -> None:
    assert a.join(b) == b.join(a)
    assert a.join(b).join(c) == a.join(b.join(c))
    assert a.join(a) == a


@given(st.lists(outcomes(), max_size=6), st.randoms())
def test_a_step_knows_the_same_in_whatever_order_it_learns(told: list[dict[str, Any]], random: Random) -> None:
    shuffled = random.sample(told, len(told))
    assert asdict(knows(*shuffled)) == asdict(knows(*told))


def test_an_attempt_lasts_from_its_earliest_start_to_its_latest_end() -> None:
    step = knows(*attempt("s", 2, 5), *attempt("s", 1, 4))
    first = step.attempts[1]
    assert (first.start, first.end) == (T0 + SECOND, T0 + 5 * SECOND)


def test_the_duration_that_was_told_beats_the_clocks() -> None:
    (step,) = [knows(event("step.completed", 9, step_id="s", execution_duration=0.25, started_at=T0))]
    assert step.figures() == Figures(rank=4, tries=1, work=250_000, time=250_000, ended=T0 + 9_000_000)


def test_what_any_event_says_a_step_depends_on_is_kept() -> None:
    step = knows(*(event("step.handle", 0, step_id="s", depends_on=[one]) for one in "ab"))
    assert step.depends_on == frozenset("ab")


def test_several_attempts_take_as_long_as_the_longest_of_them_at_least() -> None:
    skewed = attempt("s", 0, 8, "failed") + attempt("s", -90, -89, number=2)
    assert (knows(*skewed).figures().time, knows(*skewed).figures().work) == (98 * SECOND, 9 * SECOND)


@given(st.lists(outcomes(), max_size=12), st.randoms(), st.integers(1, 3), st.integers(1, 6))
def test_a_step_that_keeps_few_attempts_knows_the_same_in_whatever_order_it_learns(
    told: list[dict[str, Any]], random: Random, most_attempts: int, most_events: int
) -> None:
    numbered = [{**one, "attempt_number": number % 5} for number, one in enumerate(told, 1)]
    digests = {one["event_id"]: digest for digest, one in enumerate(numbered)}
    with patch.multiple(steps_module, MOST_ATTEMPTS=most_attempts, MOST_EVENTS=most_events):
        ordered, shuffled = Step.unknown(), Step.unknown()
        for one in numbered:
            ordered.learn(one, digests[one["event_id"]])
        for one in random.choices(numbered, k=5) + random.sample(numbered, len(numbered)) if numbered else []:
            shuffled.learn(one, digests[one["event_id"]])
    assert asdict(shuffled) == asdict(ordered)
    assert len(ordered.attempts) <= most_attempts


def test_a_step_with_very_many_attempts_stays_small_and_its_numbers_stay_right() -> None:
    last = 8_000 * SCALE
    step, digest = Step.unknown(), count()
    revisions = list[int]()
    for number in range(1, last + 1):
        for one in attempt("poll", number, number + 0.5, "failed", number):
            step.learn(one, next(digest) * 7919 % 2**48)
        if not number % 100:
            summary = Summary()
            summary.add_step("poll", len(step.events), step.depends_on, step.figures())
            revisions.append(summary.events)
    assert len(orjson.dumps(step.row())) < 100_000
    figures = step.figures()
    assert (figures.tries, figures.work, figures.ended) == (
        last,
        MOST_ATTEMPTS * SECOND // 2,
        T0 + last * SECOND + SECOND // 2,
    )
    assert revisions == sorted(set(revisions)), "each further attempt raises the revision"
