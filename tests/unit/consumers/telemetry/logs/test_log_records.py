"""Each event becomes a log record when it is new, in the trace and under the span that show it too."""

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.telemetry.core.event import Event, read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.export.otlp.log_encoder import encode_log_record
from tasker_consumers.telemetry.logs.log_records import log_records
from tasker_consumers.telemetry.logs.record import ERROR, INFO, LogRecord, record_to_json
from tasker_consumers.telemetry.presentation.switches import EventSwitches
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import STEP, TASK
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.headers import SpanRef, TraceHeaders
from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.telemetry.histories import (
    FAILURE,
    SECOND,
    T0,
    Told,
    attempt,
    failed_order,
    folded,
    hostile_records,
    order,
    told,
)

LOGS = EventSwitches(events_as_logs=True)
BOTH = EventSwitches(events_as_logs=True, exceptions_as_logs=True)
NOW = T0 + 99 * SECOND


def records_of(history: Sequence[Told], switches: EventSwitches = LOGS) -> list[LogRecord]:
    return log_records(folded(history), switches, NOW)


def named(records: Sequence[LogRecord], event_name: str) -> LogRecord:
    (record,) = [record for record in records if record.event_name == event_name]
    return record


def test_every_event_of_a_task_is_a_record_with_its_own_time() -> None:
    history = order()
    records = records_of(history)
    assert len(records) == len(history)
    times = {read_event(record).data["timestamp"] * 1000 for record in history}
    assert {record.time for record in records} == times
    assert {record.observed for record in records} == {NOW * 1000}
    assert len({record.attributes["event_id"] for record in records}) == len(history)


def test_a_record_is_in_the_trace_and_under_the_span_that_show_its_event() -> None:
    spans = spans_of(order())
    root = next(span for span in spans if span.kind == TASK)
    second = next(span for span in spans if span.attributes.get("attempt_number") == 2)
    records = records_of(order())
    assert {record.trace_id for record in records} == {root.trace_id}
    assert named(records, "tasker.task.completed").span_id == root.span_id
    assert named(records, "tasker.workflow.viable_steps_discovered").span_id == root.span_id
    assert named(records, "shop.payment_taken").span_id == second.span_id
    of_attempts = {span.span_id for span in spans if span.kind == STEP}
    assert {r.span_id for r in records if r.event_name == "tasker.step.started"} == of_attempts


def test_a_record_tells_its_task_step_and_the_callers_attributes() -> None:
    completed = next(record for record in records_of(order()) if record.event_name == "tasker.step.completed")
    assert completed.attributes.items() >= {
        "task_id": "42", "task_name": "order_processing", "step_id": "fetch", "step_name": "fetch_step",
        "attempt_number": 1, "execution_duration": 1.0, "items": 3, "cached": False,
    }.items()  # fmt: skip
    assert (completed.body, completed.severity) == ("tasker.step.completed fetch_step", INFO)


def test_a_failure_is_an_error_with_its_type_and_its_message() -> None:
    failed = named(records_of(failed_order()), "tasker.step.failed")
    assert (failed.severity, failed.attributes["error.type"]) == (ERROR, "gateway.Timeout")
    assert failed.body == "tasker.step.failed charge_step: no answer"
    assert not [name for name in failed.attributes if name.startswith("exception.") or name == "backtrace"]


def test_an_exception_is_a_record_of_its_own_where_that_is_asked_for() -> None:
    records = records_of(failed_order(), EventSwitches(exceptions_as_logs=True))
    assert sorted(record.event_name for record in records) == ["tasker.step.exception", "tasker.task.exception"]
    of_step = named(records, "tasker.step.exception")
    assert of_step.attributes.items() >= {
        "exception.type": "gateway.Timeout", "exception.message": "no answer",
        "exception.stacktrace": "a.py:1\nb.py:2", "step_id": "charge", "task_id": "42",
    }.items()  # fmt: skip
    assert of_step.severity == ERROR
    assert len(records_of(failed_order(), BOTH)) == len(failed_order()) + 2


def test_callers_attributes_with_our_names_stand_under_the_services_name() -> None:
    (record,) = records_of([told(TaskEvents.START_REQUESTED, 0, service="shop", attributes={"event_id": "x", "a": 1})])
    assert record.attributes["event_id"] != "x"
    assert (record.attributes["shop.event_id"], record.attributes["a"], record.service) == ("x", 1, "shop")


def test_a_wait_has_the_name_of_its_span_event() -> None:
    (record,) = records_of([told("observability.task.waiting", 1, attributes={"waiting_for": "approval"})])
    assert (record.event_name, record.attributes["waiting_for"]) == ("tasker.waiting", "approval")


def test_an_event_that_comes_again_makes_no_second_record() -> None:
    assert len(records_of([*order(), *order()])) == len(order())


def test_also_after_its_span_was_exported_an_event_that_comes_again_makes_no_record() -> None:
    state = folded(order())
    ready_spans(state)
    again = TaskState.load(state.key, dict(state.dump()).get)
    assert again is not None
    for record in order():
        again = fold(again, read_event(record))
    assert log_records(again, LOGS, NOW) == []


def test_a_late_event_of_an_exported_span_still_makes_a_record() -> None:
    state = folded(order())
    ready_spans(state)
    again = TaskState.load(state.key, dict(state.dump()).get)
    late = attempt("charge", 2, 2.5, "failed", number=2, **{**FAILURE, "error_class": "Late"})[1]
    assert [r.event_name for r in log_records(fold(again, read_event(late)), LOGS, NOW)] == ["tasker.step.failed"]


def test_an_event_of_a_span_that_is_not_of_the_task_stays_under_that_span() -> None:
    task = told(TaskEvents.START_REQUESTED, 0)
    inner = SpanRef(spans_of([task])[0].trace_id, "ab" * 8)
    custom = told("shop.cart_checked", 1, trace=TraceHeaders(inner))
    assert named(records_of([task, custom]), "shop.cart_checked").span_id == "ab" * 8


@pytest.mark.parametrize("rank", [StepEvents.BEFORE_HANDLE, StepEvents.MAX_RETRIES_REACHED])
def test_every_rank_of_event_has_a_record(rank: StepEvents) -> None:
    assert len(records_of([told(rank, 1, step_id="a", attempt_number=1)])) == 1


@given(st.randoms(use_true_random=False))
def test_in_any_order_and_with_any_repetition_the_same_events_are_told_once(source: random.Random) -> None:
    history = [*order(), *failed_order()]
    shuffled = [*history, *source.sample(history, 5)]
    source.shuffle(shuffled)
    ids = [(r.attributes["event_id"], r.event_name) for r in records_of(shuffled)]
    assert sorted(ids) == sorted({(r.attributes["event_id"], r.event_name) for r in records_of(history)})


def test_a_record_is_shown_as_json_with_all_that_it_says() -> None:
    record = records_of(order())[0]
    data = record_to_json(record)
    assert (data["event_name"], data["severity_number"]) == (record.event_name, INFO)
    assert data["attributes"] == record.attributes


@given(st.lists(hostile_records(), min_size=1, max_size=12))
def test_every_hostile_history_gives_records_that_can_be_sent_once_each(history: list[Told]) -> None:
    states: dict[str, TaskState] = {}
    first_of_id: dict[str, Any] = {}
    for event in readable([*history, *history]):
        is_known = (
            first_of_id.setdefault(event.data["event_id"], event.data) == event.data
        )  # an id names a single event
        if is_known and "task_id" in event.data:
            states[event.data["task_id"]] = fold(states.get(event.data["task_id"]), event)
    for state in states.values():
        records = log_records(state, LOGS, NOW)
        ids = [record.attributes["event_id"] for record in records]
        assert len(ids) == len(set(ids))
        for record in records:
            assert (len(record.trace_id), len(record.span_id)) == (32, 16)
            assert 0 <= record.time < 2**64
            assert encode_log_record(record)


def readable(history: Sequence[Told]) -> Iterator[Event]:
    for record in history:
        with suppress(PoisonRecord):
            yield read_event(record)
