"""The ids of the spans of a task: carried where events carry them, else derived."""

from tasker_consumers.telemetry.rebuild import spans_of
from tasker_schemas.headers import SpanRef, TraceHeaders
from tasker_schemas.identity import step_span_id, task_span_id, trace_id_of
from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.telemetry.histories import (
    TASK,
    attempt,
    place,
    told,
)
from tests.support.telemetry.one_span import root_of, step_of

NOWHERE = TraceHeaders()


def test_without_headers_ids_are_derived_and_marked_so() -> None:
    bare = [told(TaskEvents.START_REQUESTED, 0, trace=NOWHERE), told(StepEvents.FAILED, 1, step_id="a", trace=NOWHERE)]
    top, below = spans_of(bare)
    assert (top.trace_id, top.span_id, top.parent_span_id) == (trace_id_of(TASK), task_span_id(TASK), None)
    assert (below.span_id, below.parent_span_id) == (step_span_id(TASK, "a", 1), top.span_id)
    assert top.attributes["tasker.trace.derived"] is below.attributes["tasker.trace.derived"] is True


def test_carried_contexts_beat_derived_ones_and_the_earliest_decides() -> None:
    first, second = (TraceHeaders(SpanRef("a" * 32, digit * 16)) for digit in "12")
    records = [told(TaskEvents.COMPLETED, 5, trace=second), told(TaskEvents.START_REQUESTED, 0, trace=first)]
    assert (root_of(records).trace_id, root_of(records).span_id) == ("a" * 32, "1" * 16)
    assert "tasker.trace.derived" not in root_of(records).attributes


def test_steps_tell_the_context_of_a_task_whose_own_events_carry_none() -> None:
    task = SpanRef("a" * 32, "7" * 16)
    own = TraceHeaders(SpanRef("a" * 32, "8" * 16), task)
    records = [told(TaskEvents.START_REQUESTED, 0, trace=NOWHERE), *attempt("a", 1, 2, trace=own)]
    assert (root_of(records).trace_id, root_of(records).span_id) == ("a" * 32, "7" * 16)
    assert step_of(records).parent_span_id == "7" * 16


def test_headers_that_name_a_span_as_its_own_parent_are_not_believed() -> None:
    task, step = place(TASK), place(TASK, "a")
    spans = spans_of(
        [
            told(TaskEvents.START_REQUESTED, 0, trace=TraceHeaders(task.span, task.span)),
            told(StepEvents.COMPLETED, 1, step_id="a", trace=TraceHeaders(step.span, step.span)),
        ]
    )
    assert [span.parent_span_id for span in spans] == [None, task_span_id(TASK)]
