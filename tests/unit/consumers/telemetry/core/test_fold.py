"""The fold to spans: any order and any number of deliveries give the same spans."""

from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import SPILL_AT, TaskState
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.rebuild import spans_of, spans_of_events
from tasker_consumers.telemetry.spans.span import Span, span_to_json
from tests.support.telemetry.histories import Told, events_of, failed_order, folded, large_order, order, records
from tests.support.telemetry.span_rules import broken_rules


def latest(spans: list[Span]) -> dict[str, Span]:
    return {span.span_id: span for span in spans}


@given(st.lists(records(), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_any_order_and_any_duplicates_give_the_same_spans(told: list[Told], random: Random) -> None:
    shuffled = [*told, *random.choices(told, k=len(told) // 2)]
    random.shuffle(shuffled)
    assert spans_of(shuffled) == spans_of(told)


@given(st.lists(records(), min_size=1, max_size=12))
def test_every_span_of_any_history_keeps_the_rules_of_opentelemetry(told: list[Told]) -> None:
    assert broken_rules(spans_of(told)) == []


@given(st.lists(records(), min_size=1, max_size=12))
def test_every_span_of_any_history_has_an_id_of_its_own(told: list[Told]) -> None:
    spans = spans_of(told)
    assert len({span.span_id for span in spans}) == len(spans)


@given(st.randoms(use_true_random=False), st.sampled_from([order, failed_order]))
def test_spans_exported_one_by_one_are_those_of_the_whole_history(random: Random, history: object) -> None:
    told = order() if history is order else failed_order()
    whole = latest(spans_of(told))
    random.shuffle(told)
    state, exported = None, []
    for event in events_of(told):
        state = fold(state, event)
        exported += ready_spans(state)
    assert latest(exported).keys() == whole.keys()
    assert {s.span_id: (s.trace_id, s.parent_span_id, s.name) for s in exported} == {
        s.span_id: (s.trace_id, s.parent_span_id, s.name) for s in whole.values()
    }


def test_a_second_delivery_of_a_whole_history_exports_nothing_and_is_not_late() -> None:
    state = folded(order())
    assert len(ready_spans(state)) == 6
    for event in events_of(order()):
        state = fold(state, event)
    assert ready_spans(state) == []
    assert state.head.late == 0


def test_an_event_after_its_span_was_exported_is_counted_once_and_not_exported_again() -> None:
    told = order()
    late = told.pop(3)
    state = folded(told)
    ready_spans(state)
    for event in events_of([late, late]):
        state = fold(state, event)
    assert ready_spans(state) == []
    assert state.head.late == 1


@pytest.mark.parametrize("steps", [3, SPILL_AT + 1, 700])
def test_a_state_written_and_read_between_all_events_gives_the_same_spans(steps: int) -> None:
    table: dict[bytes, bytes] = {}
    exported = []
    for event in events_of(large_order(steps)):
        state = fold(TaskState.load(b"large", table.get), event)
        exported += ready_spans(state)
        for key, value in state.dump().items():
            assert value is not None
            table[key] = value
    assert sorted(exported, key=lambda s: s.span_id) == sorted(spans_of(large_order(steps)), key=lambda s: s.span_id)


def test_an_event_of_a_task_of_many_steps_writes_its_head_and_one_part() -> None:
    table: dict[bytes, bytes | None] = {}
    *most, last = events_of(large_order(2000)[:-1])
    state = folded(large_order(2000)[:-2])
    ready_spans(state)
    table.update(state.dump())
    again = TaskState.load(b"large", table.get)
    written = fold(again, last).dump()
    assert len(most) == 4000
    assert len(written) == 2
    assert sum(len(value or b"") for value in written.values()) < 20_000


def test_a_span_survives_the_way_through_json_values() -> None:
    for span in spans_of(order()):
        assert orjson.loads(orjson.dumps(span_to_json(span))) == span_to_json(span)


def test_an_empty_history_has_no_spans() -> None:
    assert spans_of_events([]) == []
