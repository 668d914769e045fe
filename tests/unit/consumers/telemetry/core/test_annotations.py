"""Annotations are bounded in number and bytes, and which of them stay does not depend on the order of arrival."""

from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.telemetry.core.annotations import (
    KEPT_BYTES,
    MAX_FACT_BYTES,
    add_annotation,
    trim_annotations,
)
from tasker_consumers.telemetry.core.facts import Fact, make_fact
from tasker_consumers.telemetry.core.head import Annotated
from tasker_consumers.telemetry.core.state import TaskState
from tasker_schemas.names import TaskEvents
from tests.support.telemetry.histories import T0, TASK, Told, folded, place, told
from tests.support.telemetry.one_span import root_of


def note(number: int, size: int) -> Fact:
    fields = {"event_name": "shop.note", "timestamp": T0 + number, "attributes": {"text": "x" * size}}
    return make_fact(f"e{number}", fields, None)


def kept(facts: list[Fact]) -> tuple[list[str], int]:
    annotated = Annotated()
    for fact in facts:
        add_annotation(annotated, fact)
    trim_annotations(annotated)
    return sorted(annotated.facts), annotated.gap.dropped


@given(st.lists(st.sampled_from([10, 3_000, 30_000, 60_000]), max_size=60), st.randoms(use_true_random=False))
def test_any_order_of_arrival_keeps_the_same_annotations(sizes: list[int], random: Random) -> None:
    facts = [note(number, size) for number, size in enumerate(sizes)]
    in_order = kept(facts)
    random.shuffle(facts)
    assert kept(facts) == in_order


@pytest.mark.parametrize("order", [1, -1])
def test_many_small_annotations_keep_the_first_and_the_last(order: int) -> None:
    names, dropped = kept([note(number, 1) for number in range(1000)][::order])
    assert (len(names), dropped) == (256, 744)
    assert {"e0", "e127", "e872", "e999"} <= set(names)


@pytest.mark.parametrize(("count", "size"), [(300, 60_000), (30, 760_000), (3000, 5_000)])
def test_the_state_of_a_task_is_bounded_in_bytes_however_much_is_noted(count: int, size: int) -> None:
    history = [told(TaskEvents.START_REQUESTED, 0), *notes(count, size)]
    state = folded(history)
    stored = sum(len(value or b"") for value in state.dump().values())
    assert stored < 2 * KEPT_BYTES + 2 * MAX_FACT_BYTES
    root = root_of(history)
    assert len(root.events) - 1 + root.dropped_events == count


def notes(count: int, size: int) -> list[Told]:
    return [told("shop.note", 1 + n / 1000, trace=place(TASK), attributes={"text": "x" * size}) for n in range(count)]


def test_a_fact_that_is_too_large_is_cut_and_still_tells_its_beginning() -> None:
    (fact,) = folded(notes(1, 800_000)).head.bucket.groups.popitem()[1].facts.values()
    assert fact.fields["attributes"]["text"].startswith("xxx")
    assert len(orjson.dumps(fact.fields)) <= MAX_FACT_BYTES


def test_a_gap_survives_the_way_through_the_store() -> None:
    state = folded([told("shop.note", 1 + n / 1000, trace=None, attributes={"text": "x" * 60_000}) for n in range(30)])
    table = {key: value for key, value in state.dump().items() if value is not None}
    again = TaskState.load(state.key, table.get)
    assert again is not None
    assert again.dump() == table
