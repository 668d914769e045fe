"""Spans that no new event can have changed are not made again."""

import pytest

from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.core.head import Attempt
from tasker_consumers.telemetry.spans import growing_spans
from tasker_consumers.telemetry.spans.attempt_span import attempt_span
from tasker_consumers.telemetry.spans.growing_spans import GrowingSpans
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.telemetry.spans.views.task_view import TaskView
from tests.support.telemetry.histories import events_of, large_order


def test_only_spans_that_an_event_can_change_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def noting(view: TaskView, key: AttemptKey, attempt: Attempt, names: SpanNames) -> Span | None:
        made.append(key.step_id)
        return attempt_span(view, key, attempt, names)

    monkeypatch.setattr(growing_spans, "attempt_span", noting)
    *events, end = events_of(large_order(300))
    task = GrowingSpans()
    for event in events[:-2]:
        task.fold(event)
    task.spans()
    assert len(made) == 299
    for event in events[-2:]:  # the last step, which depends on the step before
        task.fold(event)
    made.clear()
    task.spans()
    assert made == ["s299"]
    task.fold(events[1])  # the first step once more
    made.clear()
    task.spans()
    assert sorted(made) == ["s0", "s1"]
    task.fold(end)  # the bounds of the task
    made.clear()
    task.spans()
    assert len(made) == 300
