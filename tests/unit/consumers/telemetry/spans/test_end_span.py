"""The span that marks the end of a task."""

from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import END
from tasker_schemas.identity import completion_span_id
from tasker_schemas.names import TaskEvents
from tests.support.telemetry.histories import SECOND, T0, TASK, failed_order, order, told
from tests.support.telemetry.one_span import named, root_of


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


def test_the_end_of_a_failed_task_shows_the_error() -> None:
    span = named("tasker.task.failed", failed_order())
    assert span.parent_span_id == root_of(failed_order()).span_id
    assert [event.name for event in span.events] == ["exception"]
    assert span.attributes["error.type"] == "gateway.Timeout"


def test_a_task_that_runs_or_was_cancelled_has_no_such_span() -> None:
    cancelled = [told(TaskEvents.START_REQUESTED, 0), told(TaskEvents.CANCELLED, 1)]
    assert [span.kind for span in [*spans_of(cancelled), *spans_of(order()[:2])] if span.kind == END] == []


def test_the_span_can_be_named_after_its_task() -> None:
    assert "task order_processing completed" in [span.name for span in spans_of(order(), SpanNames.READABLE)]
