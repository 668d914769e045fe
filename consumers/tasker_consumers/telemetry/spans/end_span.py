"""The span of no length that marks the end of a task."""

from datetime import UTC, datetime, timedelta

from tasker_consumers.telemetry.core.event import STATE_OF_RANK
from tasker_consumers.telemetry.spans.attributes import ERROR_TYPE
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import END, Attributes, Span
from tasker_consumers.telemetry.spans.span_events import exception_event
from tasker_consumers.telemetry.spans.views.task_view import TaskView
from tasker_schemas.catalogue import events_with
from tasker_schemas.event_table import COUNTERS
from tasker_schemas.identity import completion_span_id, task_span_id
from tasker_schemas.names import Family, State

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799 * 1_000_000  # microseconds; a calendar knows no year 10000
# By the state of a task, the short names of the events that completed or failed it.
_OUTCOMES = {
    str(state): name.removeprefix("task.")
    for state in (State.COMPLETE, State.ERROR)
    for name in events_with(Family.TASK, state=state, outcome=True)
}
_FIELDS = ("task_id", "task_name", *COUNTERS[:3], "correlation_id", "producer", "status", ERROR_TYPE)


def end_span(view: TaskView, root: Span, names: SpanNames) -> Span | None:
    """Return the span of no length that marks the end of a completed or failed task, else None."""
    outcome = None if view.end is None else _OUTCOMES.get(STATE_OF_RANK[view.rank])
    if view.end is None or outcome is None:
        return None
    attributes: Attributes = {name: root.attributes[name] for name in _FIELDS if name in root.attributes}
    attributes["completion_time"] = _iso(root.end // 1000)
    exception = exception_event(view.end, root.end // 1000) if outcome == "failed" else None
    span = Span(
        root.trace_id,
        _end_span_id(view.state.head.task_id, root.span_id),
        root.span_id,
        f"tasker.task.{outcome}" if names is SpanNames.TASKER else f"{root.name} {outcome}",
        root.end,
        root.end,
        root.status,
        root.message,
        attributes,
        [] if exception is None else [exception],
        [],
        root.service,
        root.flags,
        root.tracestate,
    )
    span.kind, span.version = END, root.version
    return span


def _end_span_id(task_id: str, root_id: str) -> str:
    end_id = completion_span_id(task_id)
    return end_id if end_id != root_id else task_span_id(task_id)


def _iso(micros: int) -> str:
    """Return a time as Tasker writes it.

    >>> _iso(1_748_779_200_000_000)
    '2025-06-01T12:00:00Z'
    """
    return (_EPOCH + timedelta(microseconds=min(micros, _LAST_SECOND))).isoformat().replace("+00:00", "Z")
