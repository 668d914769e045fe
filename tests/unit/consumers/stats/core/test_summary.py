"""Sums over steps: the summary of all steps is the merge of the summaries of any parts, in any order."""

from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core.steps import MAX_SUM, Figures
from tasker_consumers.stats.core.summary import Summary
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State


class StepSums(NamedTuple):
    """The arguments of `add_step`."""

    step_id: str
    events: int
    depends_on: list[str] | None
    figures: Figures


times = st.none() | st.integers(0, 3) | st.integers(0, 10**15)
figures = st.builds(
    Figures, st.sampled_from(sorted(set(RANK.values()))), st.integers(0, 5), st.integers(0, MAX_SUM), times, st.none()
)
steps = st.builds(StepSums, st.sampled_from("abcd"), st.integers(0, 9), st.none() | st.just([]), figures)


def summary_of(parts: list[StepSums]) -> Summary:
    summary = Summary()
    for part in parts:
        summary.add_step(*part)
    return summary


def step(step_id: str, time: int | None = None, tries: int = 1, state: State = State.COMPLETE) -> StepSums:
    return StepSums(step_id, 1, None, Figures(RANK[state], tries, time or 0, time, None))


@given(st.lists(steps), st.lists(steps), st.lists(steps))
def test_summaries_of_parts_merge_to_the_summary_of_all(
    first: list[StepSums], second: list[StepSums], third: list[StepSums]
) -> None:
    merged = summary_of(first)
    merged.merge(summary_of(second))
    merged.merge(summary_of(third))
    assert merged == summary_of(first + second + third)


@given(st.lists(steps), st.randoms())
def test_the_order_of_steps_does_not_matter(parts: list[StepSums], random: Random) -> None:
    assert summary_of(random.sample(parts, len(parts))) == summary_of(parts)


@given(st.lists(steps))
def test_a_stored_summary_comes_back_and_fits_into_64_bits(parts: list[StepSums]) -> None:
    row = summary_of(parts).row()
    assert Summary(*row) == summary_of(parts)
    assert all(number < 2**63 for number in row if isinstance(number, int))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.PENDING, (0, 0, 0)),
        (State.IN_PROGRESS, (0, 0, 0)),
        (State.ERROR, (0, 1, 0)),
        (State.CANCELLED, (0, 0, 1)),
        (State.COMPLETE, (1, 0, 0)),
        (State.RESOLVED_MANUALLY, (1, 0, 0)),
    ],
)
def test_a_step_counts_by_its_state(state: State, expected: tuple[int, int, int]) -> None:
    summary = summary_of([step("a", state=state)])
    assert (summary.steps, (summary.completed, summary.failed, summary.cancelled)) == (1, expected)


def test_all_attempts_but_the_first_of_each_step_are_retries() -> None:
    summary = summary_of([step("a", tries=3), step("b", tries=0), step("c", tries=1)])
    assert (summary.attempts, summary.retries) == (4, 2)


def test_of_steps_that_took_equally_long_the_first_in_the_alphabet_is_the_longest() -> None:
    summary = summary_of([step("z", 5), step("c", 7), step("b", 7), step("a", None)])
    assert (summary.longest, summary.longest_time) == ("b", 7)


def test_without_a_known_time_no_step_is_the_longest() -> None:
    summary = summary_of([step("a"), step("b")])
    assert (summary.longest, summary.longest_time) == (None, None)


def test_a_single_step_with_dependencies_makes_the_steps_ordered() -> None:
    ordered = step("a")._replace(depends_on=[])
    assert not summary_of([step("b")]).ordered
    assert summary_of([ordered, step("b")]).ordered
