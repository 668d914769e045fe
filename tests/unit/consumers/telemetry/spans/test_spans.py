"""What the spans of a task say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.telemetry.core.event import read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.links import MAX_LINKS
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import ERROR, OK, UNSET, Span
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.headers import SpanRef, TraceHeaders
from tasker_schemas.identity import completion_span_id, step_span_id, task_span_id, trace_id_of
from tasker_schemas.names import ObservabilityEvents, StepEvents, TaskEvents, WorkflowEvents
from tests.support.telemetry.histories import (
    CALLER,
    SECOND,
    T0,
    TASK,
    Told,
    attempt,
    failed_order,
    folded,
    order,
    place,
    told,
)
from tests.support.telemetry.span_rules import broken_rules

NOWHERE = TraceHeaders()


def named(name: str, records: list[Told], **wanted: Any) -> Span:
    """The one span with this name and these attributes."""
    (found,) = [s for s in spans_of(records) if s.name == name and wanted.items() <= s.attributes.items()]
    return found


def root(records: list[Told]) -> Span:
    return named("tasker.task.started", records)


def step(records: list[Told], **wanted: Any) -> Span:
    return named("tasker.step.processing", records, **wanted)


def test_a_task_is_one_root_with_a_span_for_each_attempt_and_one_for_its_end() -> None:
    spans = spans_of(order())
    assert [span.name for span in spans].count("tasker.step.processing") == 4
    assert {span.parent_span_id for span in spans[1:]} == {task_span_id(TASK)}
    assert {span.trace_id for span in spans} == {trace_id_of(TASK)}
    assert (spans[0].name, spans[0].parent_span_id) == ("tasker.task.started", CALLER)


def test_the_root_lasts_from_the_start_to_the_end_of_the_task() -> None:
    span = root(order())
    assert (span.start, span.end) == ((T0 + SECOND) * 1000, (T0 + 7 * SECOND) * 1000)
    assert span.status == OK
    assert span.attributes["execution_duration"] == 6.0


def test_an_attempt_lasts_to_the_microsecond_what_was_measured() -> None:
    span = step(order(), step_name="charge_step", attempt_number=1)
    assert span.end - span.start == 1_000_001_000
    assert span.attributes["execution_duration"] == 1.000001


def test_the_attributes_of_a_step_are_taskers_own_and_the_callers() -> None:
    assert step(order(), step_id="fetch").attributes == {
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


def test_a_failed_attempt_has_its_error_as_an_exception_event() -> None:
    span = step(order(), step_id="charge", attempt_number=1)
    exception = span.events[-1]
    assert (span.status, span.message) == (ERROR, "no answer")
    assert [event.name for event in span.events] == ["step.started", "step.failed", "exception"]
    assert exception.attributes == {
        "exception.type": "gateway.Timeout",
        "exception.message": "no answer",
        "exception.stacktrace": "a.py:1\nb.py:2",
    }


def test_a_step_that_succeeds_on_retry_leaves_the_task_ok() -> None:
    assert root(order()).status == OK
    assert step(order(), step_id="charge", attempt_number=2).status == OK


def test_remarks_become_events_of_the_span_they_are_about() -> None:
    second = step(order(), step_id="charge", attempt_number=2)
    assert [event.name for event in second.events] == [
        "step.retry_requested",
        "observability.step.backoff",
        "step.started",
        "shop.payment_taken",
        "step.completed",
    ]
    assert second.events[3].attributes == {"amount": 12.5}
    assert "workflow.viable_steps_discovered" in [event.name for event in root(order()).events]


def test_attempts_link_to_the_one_before_and_to_the_steps_they_depend_on() -> None:
    retried, shipped = step(order(), step_id="charge", attempt_number=2), step(order(), step_id="ship")
    first, second = step_span_id(TASK, "charge", 1), step_span_id(TASK, "charge", 2)
    fetch = step_span_id(TASK, "fetch", 1)
    assert [(link.span_id, link.attributes["tasker.link"]) for link in retried.links] == [
        (first, "previous_attempt"),
        (fetch, "depends_on"),
    ]
    assert [link.span_id for link in shipped.links] == [fetch, second]


def test_an_attempt_without_a_span_is_not_linked_to() -> None:
    asked = told(StepEvents.EXECUTION_REQUESTED, 1, step_id="a", attempt_number=1)
    assert step([asked, *attempt("a", 4, 5, number=5)], attempt_number=5).links == []
    (link,) = step(
        [asked, *attempt("a", 2, 3, "failed", number=4), *attempt("a", 4, 5, number=5)], attempt_number=5
    ).links
    assert link.span_id == step_span_id(TASK, "a", 4)


def test_an_attempt_links_to_the_one_before_also_when_that_was_exported_already() -> None:
    state = folded(attempt("a", 1, 2, number=1))
    ready_spans(state)
    for record in attempt("a", 2, 3, number=2):
        fold(state, read_event(record))
    assert [link.span_id for link in ready_spans(state)[0].links] == [step_span_id(TASK, "a", 1)]


@given(st.permutations(range(100, 109)))
def test_events_of_the_same_time_are_told_in_their_natural_order(ids: list[int]) -> None:
    names = [
        StepEvents.INITIALIZE_REQUESTED, StepEvents.RETRY_REQUESTED, StepEvents.EXECUTION_REQUESTED,
        StepEvents.BEFORE_HANDLE, StepEvents.HANDLE, ObservabilityEvents.Step.HANDLE, "shop.payment_taken",
        StepEvents.FAILED, StepEvents.MAX_RETRIES_REACHED,
    ]  # fmt: skip
    same: dict[str, Any] = {"step_id": "a", "attempt_number": 1}
    records = [
        told(name, 1, event_id=str(number), trace=place(TASK, "a"), **(same if name != "shop.payment_taken" else {}))
        for number, name in zip(ids, names, strict=True)
    ]
    told_names = [event.name for event in step(records).events]
    assert told_names == [*names[:4], "step.started", *names[5:]]


def test_a_task_is_initialized_before_it_starts_and_fails_before_it_is_retried() -> None:
    names = [TaskEvents.INITIALIZE_REQUESTED, TaskEvents.START_REQUESTED, TaskEvents.FAILED, TaskEvents.RETRY_REQUESTED]
    records = [told(name, 1, event_id=event_id) for name, event_id in zip(names, "dcba", strict=True)]
    assert [event.name for event in root(records).events] == [names[0], "task.started", *names[2:]]


def test_links_beyond_the_limit_are_counted_as_dropped() -> None:
    parents = [f"p{n}" for n in range(MAX_LINKS + 5)]
    records = [record for name in parents for record in attempt(name, 0, 1)]
    span = step([*records, *attempt("join", 1, 2, depends_on=parents)], step_id="join")
    assert (len(span.links), span.dropped_links) == (MAX_LINKS, 5)


def test_the_end_of_a_task_is_a_span_of_no_length_with_its_counters() -> None:
    span = named("tasker.task.completed", order())
    assert span.start == span.end == (T0 + 7 * SECOND) * 1000
    assert span.span_id == completion_span_id(TASK)
    assert (
        span.attributes.items()
        >= {
            "total_steps": 3,
            "completed_steps": 3,
            "failed_steps": 0,
            "completion_time": "2023-11-14T22:13:27Z",
        }.items()
    )


def test_a_failed_task_is_an_error_with_its_exception_at_root_and_end() -> None:
    for span in (root(failed_order()), named("tasker.task.failed", failed_order())):
        assert (span.status, span.message) == (ERROR, "no answer")
        assert span.events[-1].name == "exception"


def test_a_failed_task_that_is_retried_and_completes_is_exported_again_under_its_ids() -> None:
    state = None
    for record in failed_order():
        state = fold(state, read_event(record))
    assert state is not None
    first = ready_spans(state)
    for record in (told(TaskEvents.RETRY_REQUESTED, 10), told(TaskEvents.COMPLETED, 20)):
        state = fold(state, read_event(record))
    again = ready_spans(state)
    assert [span.name for span in again] == ["tasker.task.started", "tasker.task.completed"]
    assert {span.span_id for span in again} < {span.span_id for span in first}
    assert again[0].status == OK


def test_a_cancelled_task_has_no_status_but_says_so() -> None:
    span = root([told(TaskEvents.START_REQUESTED, 0), told(TaskEvents.CANCELLED, 1, cancellation_reason="no stock")])
    assert (span.status, span.attributes["status"]) == (UNSET, "cancelled")
    assert span.events[-1].attributes == {"cancellation_reason": "no stock"}


def test_an_end_before_the_start_is_clamped_and_marked() -> None:
    late_start = told(StepEvents.HANDLE, 5, step_id="a", started_at=T0 + 5 * SECOND)
    span = step([late_start, told(StepEvents.COMPLETED, 4, step_id="a", completed_at=T0 + 4 * SECOND)])
    assert span.start == span.end
    assert span.attributes["tasker.time.clamped"] is True


def test_a_duration_without_a_start_is_counted_back_from_the_end() -> None:
    span = step([told(StepEvents.COMPLETED, 9, step_id="a", execution_duration=2.5)])
    assert (span.start, span.end) == ((T0 + round(6.5 * SECOND)) * 1000, (T0 + 9 * SECOND) * 1000)


@pytest.mark.parametrize("duration", [float("nan"), float("inf"), -1.0, 1e300])
def test_an_event_with_an_impossible_duration_is_refused(duration: float) -> None:
    with pytest.raises(PoisonRecord, match="execution_duration is "):
        read_event(told(StepEvents.COMPLETED, 2, step_id="a", execution_duration=duration))


def test_without_headers_ids_are_derived_and_marked_so() -> None:
    bare = [told(TaskEvents.START_REQUESTED, 0, trace=NOWHERE), told(StepEvents.FAILED, 1, step_id="a", trace=NOWHERE)]
    top, below = spans_of(bare)
    assert (top.trace_id, top.span_id, top.parent_span_id) == (trace_id_of(TASK), task_span_id(TASK), None)
    assert (below.span_id, below.parent_span_id) == (step_span_id(TASK, "a", 1), top.span_id)
    assert top.attributes["tasker.trace.derived"] is below.attributes["tasker.trace.derived"] is True


def test_carried_contexts_beat_derived_ones_and_the_earliest_decides() -> None:
    first, second = (TraceHeaders(SpanRef("a" * 32, digit * 16)) for digit in "12")
    records = [told(TaskEvents.COMPLETED, 5, trace=second), told(TaskEvents.START_REQUESTED, 0, trace=first)]
    assert (root(records).trace_id, root(records).span_id) == ("a" * 32, "1" * 16)
    assert "tasker.trace.derived" not in root(records).attributes


def test_steps_tell_the_context_of_a_task_whose_own_events_carry_none() -> None:
    task = SpanRef("a" * 32, "7" * 16)
    own = TraceHeaders(SpanRef("a" * 32, "8" * 16), task)
    records = [told(TaskEvents.START_REQUESTED, 0, trace=NOWHERE), *attempt("a", 1, 2, trace=own)]
    assert (root(records).trace_id, root(records).span_id) == ("a" * 32, "7" * 16)
    assert step(records).parent_span_id == "7" * 16


def test_a_step_that_carries_another_trace_stays_in_its_tasks_and_links_to_it() -> None:
    foreign = TraceHeaders(SpanRef("f" * 32, "9" * 16))
    span = step([*order()[:2], *attempt("a", 1, 2, trace=foreign)])
    assert (span.trace_id, span.parent_span_id) == (trace_id_of(TASK), task_span_id(TASK))
    assert [(link.trace_id, link.span_id) for link in span.links] == [("f" * 32, "9" * 16)]


def test_a_step_event_that_carries_its_tasks_context_gets_a_span_of_its_own() -> None:
    span = step([*order()[:2], *attempt("a", 1, 2, trace=place(TASK))])
    assert span.span_id == step_span_id(TASK, "a", 1)


def test_a_pending_step_has_no_span_and_a_running_one_has() -> None:
    waiting = told(StepEvents.EXECUTION_REQUESTED, 1, step_id="a")
    running = told(StepEvents.HANDLE, 2, step_id="b")
    spans = spans_of([*order()[:2], waiting, running])
    assert [span.attributes.get("step_id") for span in spans] == [None, "b"]


def test_a_task_known_by_its_steps_alone_has_a_root_around_them() -> None:
    span = root(attempt("a", 3, 5))
    assert (span.start, span.end) == ((T0 + 3 * SECOND) * 1000, (T0 + 5 * SECOND) * 1000)


def test_spans_can_be_named_after_what_they_stand_for() -> None:
    names = {span.name for span in spans_of(order(), SpanNames.READABLE)}
    assert names == {
        "task order_processing",
        "task order_processing completed",
        "step fetch_step",
        "step charge_step",
        "step ship_step",
    }


def test_a_workflow_event_about_a_step_stays_with_the_task() -> None:
    record = told(WorkflowEvents.STEP_COMPLETED, 2, step_id="fetch", step_name="fetch_step", trace=place(TASK))
    (event,) = [event for event in root([*order(), record]).events if event.name == "workflow.step_completed"]
    assert event.attributes == {"step_id": "fetch", "step_name": "fetch_step"}


@pytest.mark.parametrize("trace", [place(TASK, "a"), TraceHeaders(place(TASK, "a").span)])
def test_a_task_event_with_a_steps_context_makes_no_span_its_own_parent(trace: TraceHeaders) -> None:
    lost = told(TaskEvents.START_REQUESTED, 0, trace=trace)
    spans = spans_of([lost, *attempt("a", 1, 2), told(TaskEvents.COMPLETED, 3)])
    assert len({span.span_id for span in spans}) == 3
    assert broken_rules(spans) == []


def test_headers_that_name_a_span_as_its_own_parent_are_not_believed() -> None:
    task, step = place(TASK), place(TASK, "a")
    spans = spans_of(
        [
            told(TaskEvents.START_REQUESTED, 0, trace=TraceHeaders(task.span, task.span)),
            told(StepEvents.COMPLETED, 1, step_id="a", trace=TraceHeaders(step.span, step.span)),
        ]
    )
    assert [span.parent_span_id for span in spans] == [None, task_span_id(TASK)]
