"""Spans of events that come bit by bit are those of all events at once."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.telemetry.core.event import Event, read_event
from tasker_consumers.telemetry.rebuild import spans_of_events
from tasker_consumers.telemetry.spans.growing_spans import GrowingSpans
from tasker_schemas.errors import PoisonRecord
from tests.support.telemetry.histories import (
    TASK,
    Told,
    attempt,
    events_of,
    failed_order,
    hostile_records,
    order,
    place,
    records,
    told,
)
from tests.support.telemetry.skewed import Skewed, skewed_histories

histories = st.lists(st.one_of(hostile_records(), records()), min_size=1, max_size=12)


def events_in(history: list[Told]) -> list[Event]:
    events = []
    for record in history:
        try:
            event = read_event(record)
        except PoisonRecord:
            continue
        if event.data.get("task_id") is not None:
            events.append(event)
    return events


def agree_at_every_prefix(events: list[Event], asked: set[int] | None = None) -> None:
    """Compare after each event, or after the numbers that are asked; those between two of them are a batch."""
    tasks: dict[str, GrowingSpans] = {}
    for number, event in enumerate(events, 1):
        task_id = event.data["task_id"]
        tasks.setdefault(task_id, GrowingSpans()).fold(event)
        if asked is None or number in asked:
            grown = [span for _, task in sorted(tasks.items()) for span in task.spans()]
            assert grown == spans_of_events(events[:number]), number


@given(histories, st.none() | st.sets(st.integers(1, 12)), st.randoms(use_true_random=False))
def test_the_spans_of_any_history_grow_in_any_batches_and_any_order(
    history: list[Told], ends: set[int] | None, random: Random
) -> None:
    random.shuffle(history)
    agree_at_every_prefix(events_in(history), ends)


@given(skewed_histories(), st.booleans(), st.randoms(use_true_random=False))
def test_spans_that_follow_from_the_clocks_of_others_grow(history: Skewed, in_order: bool, random: Random) -> None:
    events = events_in(history.records)
    if not in_order:
        random.shuffle(events)
    agree_at_every_prefix(events)


@pytest.mark.parametrize("seed", range(10))
def test_an_order_grows_in_any_order(seed: int) -> None:
    events = events_of([*order(), *failed_order("43")])
    Random(seed).shuffle(events)
    agree_at_every_prefix(events)


def test_a_step_below_another_step_and_ids_that_are_taken_grow() -> None:
    inner = [
        *attempt("pack", 2, 3, trace=place(TASK, "fetch")),  # with the id of another attempt
        *attempt("send", 3, 4, trace=place(TASK, "pack")),
    ]
    for seed in range(10):
        events = events_of([*order(), *inner])
        Random(seed).shuffle(events)
        agree_at_every_prefix(events)


def test_more_annotations_than_are_kept_grow() -> None:
    beats = [
        told("shop.beat", 2 + n / 1000, trace=place(TASK, "charge", 2), attributes={"number": n}) for n in range(600)
    ]
    events = events_of([*order(), *beats])
    Random(7).shuffle(events)
    agree_at_every_prefix(events, {100, 300, 301, 480, len(events)})


def test_to_ask_twice_changes_nothing() -> None:
    task = GrowingSpans()
    assert task.spans() == []
    for event in events_of(order()):
        task.fold(event)
    assert task.spans() == task.spans() == spans_of_events(events_of(order()))
