"""The span of an attempt of a step."""

import pytest

from tasker_consumers.telemetry.core.event import read_event
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import OK
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.headers import TraceHeaders
from tasker_schemas.identity import step_span_id
from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.telemetry.histories import (
    SECOND,
    T0,
    TASK,
    attempt,
    order,
    place,
    told,
)
from tests.support.telemetry.one_span import root_of, step_of
from tests.support.telemetry.span_rules import broken_rules


def test_an_attempt_lasts_to_the_microsecond_what_was_measured() -> None:
    span = step_of(order(), step_name="charge_step", attempt_number=1)
    assert span.end - span.start == 1_000_001_000
    assert span.attributes["execution_duration"] == 1.000001


def test_the_attributes_of_a_step_are_taskers_own_and_the_callers() -> None:
    assert step_of(order(), step_id="fetch").attributes == {
        "task_id": TASK,
        "task_name": "order_processing",
        "step_id": "fetch",
        "step_name": "fetch_step",
        "attempt_number": 1,
        "retry_limit": 3,
        "execution_duration": 1.0,
        "status": "complete",
        "items": 3,
        "cached": False,
    }


def test_a_step_that_succeeds_on_retry_leaves_the_task_ok() -> None:
    assert root_of(order()).status == OK
    assert step_of(order(), step_id="charge", attempt_number=2).status == OK


def test_an_end_before_the_start_is_clamped_and_marked() -> None:
    late_start = told(StepEvents.HANDLE, 5, step_id="a", started_at=T0 + 5 * SECOND)
    span = step_of([late_start, told(StepEvents.COMPLETED, 4, step_id="a", completed_at=T0 + 4 * SECOND)])
    assert span.start == span.end
    assert span.attributes["tasker.time.clamped"] is True


def test_a_duration_without_a_start_is_counted_back_from_the_end() -> None:
    span = step_of([told(StepEvents.COMPLETED, 9, step_id="a", execution_duration=2.5)])
    assert (span.start, span.end) == ((T0 + round(6.5 * SECOND)) * 1000, (T0 + 9 * SECOND) * 1000)


@pytest.mark.parametrize("duration", [float("nan"), float("inf"), -1.0, 1e300])
def test_an_event_with_an_impossible_duration_is_refused(duration: float) -> None:
    with pytest.raises(PoisonRecord, match="execution_duration is "):
        read_event(told(StepEvents.COMPLETED, 2, step_id="a", execution_duration=duration))


def test_a_step_event_that_carries_its_tasks_context_gets_a_span_of_its_own() -> None:
    span = step_of([*order()[:2], *attempt("a", 1, 2, trace=place(TASK))])
    assert span.span_id == step_span_id(TASK, "a", 1)


def test_a_pending_step_has_no_span_and_a_running_one_has() -> None:
    waiting = told(StepEvents.EXECUTION_REQUESTED, 1, step_id="a")
    running = told(StepEvents.HANDLE, 2, step_id="b")
    spans = spans_of([*order()[:2], waiting, running])
    assert [span.attributes.get("step_id") for span in spans] == [None, "b"]


@pytest.mark.parametrize("trace", [place(TASK, "a"), TraceHeaders(place(TASK, "a").span)])
def test_a_task_event_with_a_steps_context_makes_no_span_its_own_parent(trace: TraceHeaders) -> None:
    lost = told(TaskEvents.START_REQUESTED, 0, trace=trace)
    spans = spans_of([lost, *attempt("a", 1, 2), told(TaskEvents.COMPLETED, 3)])
    assert len({span.span_id for span in spans}) == 3
    assert broken_rules(spans) == []
