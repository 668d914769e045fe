"""From records or events straight to spans: for tools and tests, which have all of a task's events at hand."""

from collections.abc import Iterable

from tasker_consumers.telemetry.core.event import Event, Record, read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.telemetry.state_spans import all_spans
from tasker_schemas.errors import PoisonRecord


def spans_of(records: Iterable[Record], names: SpanNames = SpanNames.TASKER) -> list[Span]:
    """Return the spans of all tasks that records tell of, also those still open; unreadable records are skipped."""
    return spans_of_events(_readable(records), names)


def spans_of_events(events: Iterable[Event], names: SpanNames = SpanNames.TASKER) -> list[Span]:
    """Return the spans of all tasks that events tell of, also those still open.

    They come by task, and within a task by start, the longest first.
    """
    states: dict[str, TaskState] = {}
    for event in events:
        task_id = event.data.get("task_id")
        if task_id is not None:
            states[task_id] = fold(states.get(task_id), event)
    return [
        span
        for _, state in sorted(states.items())
        for span in sorted(
            all_spans(state, Policy(names=names)), key=lambda span: (span.start, -span.end, span.span_id)
        )
    ]


def _readable(records: Iterable[Record]) -> Iterable[Event]:
    for record in records:
        try:
            yield read_event(record)
        except PoisonRecord:
            continue
