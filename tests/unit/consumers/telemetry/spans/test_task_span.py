"""The span of a task."""

from tasker_consumers.telemetry.core.event import read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import OK, UNSET
from tasker_schemas.identity import task_span_id, trace_id_of
from tasker_schemas.names import TaskEvents
from tests.support.telemetry.histories import (
    CALLER,
    SECOND,
    T0,
    TASK,
    attempt,
    failed_order,
    order,
    told,
)
from tests.support.telemetry.one_span import root_of


def test_a_task_is_one_root_with_a_span_for_each_attempt_and_one_for_its_end() -> None:
    spans = spans_of(order())
    assert [span.name for span in spans].count("tasker.step.processing") == 4
    assert {span.parent_span_id for span in spans[1:]} == {task_span_id(TASK)}
    assert {span.trace_id for span in spans} == {trace_id_of(TASK)}
    assert (spans[0].name, spans[0].parent_span_id) == ("tasker.task.started", CALLER)


def test_the_root_lasts_from_the_start_to_the_end_of_the_task() -> None:
    span = root_of(order())
    assert (span.start, span.end) == ((T0 + SECOND) * 1000, (T0 + 7 * SECOND) * 1000)
    assert span.status == OK
    assert span.attributes["execution_duration"] == 6.0


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
    span = root_of([told(TaskEvents.START_REQUESTED, 0), told(TaskEvents.CANCELLED, 1, cancellation_reason="no stock")])
    assert (span.status, span.attributes["status"]) == (UNSET, "cancelled")
    assert span.events[-1].attributes == {"cancellation_reason": "no stock"}


def test_a_task_known_by_its_steps_alone_has_a_root_around_them() -> None:
    span = root_of(attempt("a", 3, 5))
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
