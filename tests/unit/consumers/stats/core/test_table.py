"""The table of steps: buckets, packed steps and frozen steps have the results of the steps themselves."""

from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core import table as table_module
from tasker_consumers.stats.core.fold import event_digest
from tasker_consumers.stats.core.table import FAN_OUT, SMALL_EVENTS, SMALL_STEPS, Bucket, StepTable, bucket_of
from tasker_consumers.stats.core.windows import Window
from tests.support.stats.histories import attempt, event, histories, order_processing

Event = dict[str, Any]
step_events = histories.map(lambda history: [fact for fact, _ in history if fact["event_name"].startswith("step.")])


def table_of(events: Iterable[Event]) -> StepTable:
    table = StepTable()
    for fact in events:
        table.learn(fact, event_digest(fact["event_id"]))
    return table


def steps_of(events: Iterable[Event]) -> list[Event]:
    return [fact for fact in events if "step_id" in fact]


def chain(count: int) -> list[Event]:
    return [fact for n in range(count) for fact in attempt(f"s{n}", n, n + 1, depends_on=[f"s{n - 1}"] if n else [])]


def results(table: StepTable) -> tuple[Any, ...]:
    minutes = {(name, start): Window.of_row(row) for name, start, row in table.minutes()}
    return table.total(), table.path(), minutes


@given(step_events)
def test_a_table_that_is_spread_has_the_results_of_a_small_table(events: list[Event]) -> None:
    whole = table_of(events)
    with patch.object(table_module, "SMALL_STEPS", 0):
        spread = table_of(events)
    assert spread.spread == bool(events)
    assert results(spread) == results(whole)


@given(step_events)
def test_packed_steps_have_the_results_of_the_steps_themselves(events: list[Event]) -> None:
    bucket = table_of(events).buckets[0]
    packed = Bucket(set(bucket.events), bucket.rows(), {})
    assert (len(packed), packed.summary()) == (len(bucket), bucket.summary())
    assert packed.step_contributions() == bucket.step_contributions()
    for step_id, step in bucket.steps.items():
        packed.step(step_id).figures()  # computed once, and then a part of the step
        assert packed.step(step_id) == step
    assert packed.packed == {}


@given(step_events, st.integers(0, 12))
def test_the_changes_of_steps_lead_from_the_first_load_to_the_present(events: list[Event], cut: int) -> None:
    before = table_of(events[:cut]).buckets[0]
    table = StepTable()
    table.buckets[0] = Bucket(set(before.events), before.rows(), {})
    for fact in events[cut:]:
        table.learn(fact, event_digest(fact["event_id"]))
    touched = dict.fromkeys(fact["step_id"] for fact in events[cut:])
    bucket = table.buckets[0]
    assert table.changes() == [(before.step_contribution(name), bucket.step_contribution(name)) for name in touched]


def test_an_event_is_new_once_with_a_step_and_without() -> None:
    for fact in (event("step.handle", 0, step_id="s"), event("workflow.task_started", 0)):
        table = StepTable()
        assert [table.learn(fact, 7), table.learn(fact, 7), table.learn(fact, 8)] == [True, False, True]
        assert table.total().events == 2


@pytest.mark.parametrize(("steps", "spread"), [(SMALL_STEPS, False), (SMALL_STEPS + 1, True)])
def test_a_table_is_spread_when_it_has_more_steps_than_a_small_task(steps: int, spread: bool) -> None:
    table = table_of(chain(steps))
    assert (table.spread, table.total().steps) == (spread, steps)


@pytest.mark.parametrize(("count", "spread"), [(SMALL_EVENTS, False), (SMALL_EVENTS + 1, True)])
def test_a_table_is_spread_when_it_has_more_events_without_a_step_than_a_small_task(count: int, spread: bool) -> None:
    table = StepTable()
    for digest in range(count):
        table.learn(event("workflow.task_started", 0), digest)
    assert (table.spread, table.total().events) == (spread, count)


def test_an_event_of_a_stored_large_task_reads_the_bucket_of_its_step_only() -> None:
    whole, reads = table_of(chain(300)), list[int]()

    def read(index: int) -> Bucket:
        reads.append(index)
        return Bucket(set(), whole.buckets[index].rows(), {})

    table = StepTable(whole.summaries(), read)
    table.learn(event("step.retry_requested", 999, step_id="s7", attempt_number=2), 1)
    assert reads == [bucket_of("s7")]
    assert table.touched == {bucket_of("s7")}
    assert (table.total().completed, table.total().events) == (299, 601)


def test_frozen_steps_keep_their_results_without_their_buckets() -> None:
    table = table_of(steps_of(order_processing()))
    before = results(table)
    table.freeze()
    table.buckets.clear()
    assert results(table) == before
    assert table.path() is not None


@given(st.text())
def test_every_step_has_a_bucket_of_the_fan_out(step_id: str) -> None:
    assert bucket_of(step_id) in range(FAN_OUT)


def test_the_buckets_share_the_steps_evenly() -> None:
    sizes = [0] * FAN_OUT
    for number in range(20_000):
        sizes[bucket_of(f"step-{number}")] += 1
    assert max(sizes) < 2 * 20_000 / FAN_OUT
