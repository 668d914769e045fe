"""The span of a task, and the span of no length that marks its end."""

from datetime import UTC, datetime, timedelta

from tasker_consumers.telemetry.core.context import SpanContext, attempt_span_id
from tasker_consumers.telemetry.core.event import FAILED, STATE_OF_RANK
from tasker_consumers.telemetry.core.fold import COMPLETE, latest_task_fact
from tasker_consumers.telemetry.core.state import Facts, Group, Head, TaskState
from tasker_consumers.telemetry.spans.attempt_span import Interval, marks, status_of
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import Attributes, Link, Span
from tasker_consumers.telemetry.spans.span_events import exception_event, nanoseconds, span_events
from tasker_consumers.telemetry.spans.step_counts import COUNTERS, counters
from tasker_consumers.telemetry.spans.timeline import in_order, story_of
from tasker_schemas.identity import completion_span_id
from tasker_schemas.names import TaskEvents

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STARTS = (str(TaskEvents.START_REQUESTED), str(TaskEvents.INITIALIZE_REQUESTED))
_MARKED = {"complete": "completed", "error": "failed"}


def task_rank(head: Head) -> int:
    """Return how far the task has come: from 2 on it has ended, -1 when none of its own events came yet."""
    latest = latest_task_fact(head)
    return -1 if latest is None else latest[1]


def task_span(state: TaskState, context: SpanContext, names: SpanNames) -> Span:
    """Return the span of a task, ended or not."""
    head = state.head
    rank = task_rank(head)
    groups = loose_groups(state, context).values()
    story = story_of(head["facts"] or head["extras"])
    alone = not groups and not (head["facts"] and head["extras"])
    events = story.told if alone else in_order(head["facts"], head["extras"], *(group["facts"] for group in groups))
    interval = task_interval(head, rank)
    status, message = status_of(rank, story)
    task_name = story.fields.get("task_name", head["task_id"])
    attributes = story.attributes("task_name", "correlation_id", "producer") | counters(state, story)
    attributes["task_id"] = head["task_id"]
    attributes["execution_duration"] = (interval.end - interval.start) / 1_000_000
    return Span(
        trace_id=context.trace_id,
        span_id=context.span_id,
        parent_span_id=context.parent_id or None,
        name="tasker.task.started" if names is SpanNames.TASKER else f"task {task_name}",
        start=nanoseconds(interval.start),
        end=nanoseconds(interval.end),
        status=status,
        message=message,
        attributes=attributes | marks(context, interval, rank),
        events=span_events(events),
        links=[] if context.foreign is None else [Link(*context.foreign, {"tasker.link": "carried_context"})],
        service=story.fields.get("service", ""),
        flags=context.flags,
        tracestate=context.tracestate,
        dropped_events=head.get("dropped", 0),
    )


def end_span(state: TaskState, root: Span, names: SpanNames) -> Span | None:
    """Return the span of no length that marks the end of a completed or failed task, else None."""
    head = state.head
    latest = latest_task_fact(head)
    outcome = _MARKED.get(STATE_OF_RANK[latest[1]]) if latest is not None and latest[1] >= FAILED else None
    if latest is None or outcome is None:
        return None
    wanted = ("task_id", "task_name", *COUNTERS[:3], "correlation_id", "producer", "status")
    attributes: Attributes = {name: root.attributes[name] for name in wanted if name in root.attributes}
    attributes["completion_time"] = _iso(root.end // 1000)
    exception = exception_event(head["facts"][latest[2]]) if outcome == "failed" else None
    return root._replace(
        span_id=completion_span_id(head["task_id"]),
        parent_span_id=root.span_id,
        name=f"tasker.task.{outcome}" if names is SpanNames.TASKER else f"{root.name} {outcome}",
        start=root.end,
        attributes=attributes,
        events=[] if exception is None else [exception],
        links=[],
        dropped_events=0,
    )


def task_interval(head: Head, rank: int) -> Interval:
    """Return when a task lasted, microseconds: from its first start to its last end, or to the last that was heard."""
    start = _start(head["facts"], head["first"])
    start = min(start, head.get("begun", start))
    latest = latest_task_fact(head)
    if latest is None or rank < FAILED:
        return Interval(min(start, head["last"]), head["last"])
    last = head["facts"][latest[2]]
    end: int = last["completed_at"] if "completed_at" in last else last["timestamp"]
    return Interval(start, max(start, end), clamped=end < start)


def loose_groups(state: TaskState, context: SpanContext) -> dict[str, Group]:
    """Return the events, by the span id they carry, that no attempt tells: they belong to the task's span."""
    groups = {span_id: group for bucket in state.buckets() for span_id, group in bucket["groups"].items()}
    if not groups:
        return {}
    for bucket in state.buckets():
        for step_id, attempts in bucket["steps"].items():
            for number, attempt in attempts.items():
                if attempt.get("rank", -1) < COMPLETE:
                    groups.pop(attempt_span_id(state, context, (step_id, number)), None)
    return groups


def _start(facts: Facts, first: int) -> int:
    for wanted in _STARTS:
        starts: list[int] = [
            fact["started_at"] if "started_at" in fact else fact["timestamp"]
            for fact in facts.values()
            if fact["event_name"] == wanted
        ]
        if starts:
            return min(starts)
    return first


def _iso(micros: int) -> str:
    """Return a time as Tasker writes it.

    >>> _iso(1_748_779_200_000_000)
    '2025-06-01T12:00:00Z'
    """
    return (_EPOCH + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")
