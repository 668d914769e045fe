"""The span of a task, and the span of no length that marks its end."""

from datetime import UTC, datetime, timedelta

from tasker_consumers.telemetry.core.annotations import trim_annotations
from tasker_consumers.telemetry.core.context import SpanContext, attempt_span_id, is_of_an_attempt
from tasker_consumers.telemetry.core.event import COMPLETE, STATE_OF_RANK
from tasker_consumers.telemetry.core.head import Group
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.spans.attributes import (
    COUNTERS,
    ERROR_TYPE,
    add_fields,
    add_marks,
    business_attributes,
    status_of,
)
from tasker_consumers.telemetry.spans.links import foreign_links
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import END, TASK, Attributes, Span
from tasker_consumers.telemetry.spans.span_events import exception_event, span_events
from tasker_consumers.telemetry.spans.step_counts import counters
from tasker_consumers.telemetry.spans.timeline import ordered, timeline_of
from tasker_consumers.telemetry.spans.view import TaskView
from tasker_schemas.identity import completion_span_id, task_span_id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799 * 1_000_000  # microseconds; a calendar knows no year 10000
_OUTCOMES = {"complete": "completed", "error": "failed"}
_OF_END = ("task_id", "task_name", *COUNTERS[:3], "correlation_id", "producer", "status", ERROR_TYPE)


def task_span(view: TaskView, names: SpanNames) -> Span:
    """Return the span of a task, ended or not."""
    state, context, interval = view.state, view.context, view.interval
    head = state.head
    trim_annotations(head.annotations)
    groups = list(loose_groups(state, context).values())
    for group in groups:
        trim_annotations(group)
    timeline = timeline_of(head.facts or head.annotations.facts)
    entries = timeline.entries
    if groups or (head.facts and head.annotations.facts):
        facts = [head.facts, head.annotations.facts, *(group.facts for group in groups)]
        entries = ordered(*(group.values() for group in facts))
    fields = timeline.fields
    status, message = status_of(view.rank, fields)
    attributes = business_attributes(timeline.business, fields.get("service", ""))
    add_fields(attributes, fields, ("task_name", "correlation_id", "producer", "parent_task_id"))
    attributes |= counters(view, timeline)
    attributes["task_id"] = head.task_id
    add_marks(attributes, context, interval, view.rank, fields)
    task_name = fields.get("task_name", head.task_id)
    return Span(
        trace_id=context.trace_id,
        span_id=context.span_id,
        parent_span_id=_parent_id(view),
        name="tasker.task.started" if names is SpanNames.TASKER else f"task {task_name}",
        start=interval.start * 1000,
        end=interval.end * 1000,
        status=status,
        message=message,
        attributes=attributes,
        events=span_events(entries, interval, view.end),
        links=foreign_links(context),
        service=fields.get("service", ""),
        flags=context.flags,
        tracestate=context.tracestate,
        dropped_events=head.annotations.gap.dropped + sum(group.gap.dropped for group in groups),
        kind=TASK,
        version=fields.get("service_version") or "",
    )


def end_span(view: TaskView, root: Span, names: SpanNames) -> Span | None:
    """Return the span of no length that marks the end of a completed or failed task, else None."""
    outcome = None if view.end is None else _OUTCOMES.get(STATE_OF_RANK[view.rank])
    if view.end is None or outcome is None:
        return None
    attributes: Attributes = {name: root.attributes[name] for name in _OF_END if name in root.attributes}
    attributes["completion_time"] = _iso(root.end // 1000)
    exception = exception_event(view.end, root.end // 1000) if outcome == "failed" else None
    return root._replace(
        span_id=_end_span_id(view.state.head.task_id, root.span_id),
        parent_span_id=root.span_id,
        name=f"tasker.task.{outcome}" if names is SpanNames.TASKER else f"{root.name} {outcome}",
        start=root.end,
        attributes=attributes,
        events=[] if exception is None else [exception],
        links=[],
        dropped_events=0,
        kind=END,
    )


def _parent_id(view: TaskView) -> str | None:
    """Return the id of the span above the task's; an attempt of the task would close a ring, and counts as none."""
    parent_id = view.context.parent_id
    return parent_id if parent_id and not is_of_an_attempt(view.state, parent_id) else None


def _end_span_id(task_id: str, root_id: str) -> str:
    end_id = completion_span_id(task_id)
    return end_id if end_id != root_id else task_span_id(task_id)


def loose_groups(state: TaskState, context: SpanContext) -> dict[str, Group]:
    """Return the annotations, by the span id they carry, that no attempt shows: they belong to the task's span."""
    groups = {span_id: group for bucket in state.buckets() for span_id, group in bucket.groups.items()}
    if not groups:
        return {}
    for key, attempt in state.attempts():
        if attempt.exported_rank is None or attempt.exported_rank < COMPLETE:
            groups.pop(attempt_span_id(state, context, key), None)
    return groups


def _iso(micros: int) -> str:
    """Return a time as Tasker writes it.

    >>> _iso(1_748_779_200_000_000)
    '2025-06-01T12:00:00Z'
    """
    return (_EPOCH + timedelta(microseconds=min(micros, _LAST_SECOND))).isoformat().replace("+00:00", "Z")
