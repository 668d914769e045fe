"""A task has a span, and a mark of its end once it ended."""

from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import END, TASK
from tasker_consumers.telemetry.spans.task_spans import task_spans
from tasker_consumers.telemetry.spans.views.task_view import view_of
from tests.support.telemetry.histories import folded, order


def test_a_task_that_ended_has_a_mark_of_its_end() -> None:
    whole, begun = (task_spans(view_of(folded(history)), SpanNames.TASKER) for history in (order(), order()[:-1]))
    assert [span.kind for span in whole] == [TASK, END]
    assert [span.kind for span in begun] == [TASK]
    assert whole[1].parent_span_id == whole[0].span_id
