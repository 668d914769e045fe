"""From records or events straight to spans: for tools and tests, which have all of a task's events at hand."""

from collections.abc import Iterable

from tasker_consumers.telemetry.core.event import Event, Record, read_event
from tasker_consumers.telemetry.spans.growing_spans import GrowingSpans
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import Span
from tasker_schemas.errors import PoisonRecord


def spans_of(records: Iterable[Record], names: SpanNames = SpanNames.TASKER) -> list[Span]:
    """Return the spans of all tasks that records tell of, also those still open; unreadable records are skipped."""
    return spans_of_events(_readable(records), names)


def spans_of_events(events: Iterable[Event], names: SpanNames = SpanNames.TASKER) -> list[Span]:
    """Return the spans of all tasks that events tell of, also those still open.

    They come by task, and within a task by start, the longest first.
    """
    tasks: dict[str, GrowingSpans] = {}
    for event in events:
        task_id = event.data.get("task_id")
        if task_id is not None:
            if (task := tasks.get(task_id)) is None:
                task = tasks[task_id] = GrowingSpans(names)
            task.fold(event)
    return [span for _, task in sorted(tasks.items()) for span in task.spans()]


def _readable(records: Iterable[Record]) -> Iterable[Event]:
    for record in records:
        try:
            yield read_event(record)
        except PoisonRecord:
            continue
