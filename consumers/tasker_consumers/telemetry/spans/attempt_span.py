"""The span of an attempt of a step."""

from typing import Any

from tasker_consumers.telemetry.core.annotations import trim_annotations
from tasker_consumers.telemetry.core.context import attempt_context
from tasker_consumers.telemetry.core.event import BEGUN, FAILED
from tasker_consumers.telemetry.core.facts import AttemptKey, Fact
from tasker_consumers.telemetry.core.head import Attempt
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.spans.attributes import OUTSIDE, add_fields, add_marks, business_attributes, status_of
from tasker_consumers.telemetry.spans.interval import Interval, attempt_interval
from tasker_consumers.telemetry.spans.links import attempt_links, foreign_links
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.skew import shift_into
from tasker_consumers.telemetry.spans.span import STEP, Attributes, Span
from tasker_consumers.telemetry.spans.span_events import span_events
from tasker_consumers.telemetry.spans.timeline import Timeline, ordered, timeline_of
from tasker_consumers.telemetry.spans.view import TaskView

_FIELDS = ("task_name", "step_name", "retry_limit", "correlation_id", "producer")


def attempt_span(view: TaskView, key: AttemptKey, attempt: Attempt, names: SpanNames) -> Span | None:
    """Return the span of an attempt, ended or not; None for an attempt that has neither begun nor ended."""
    trim_annotations(attempt)
    timeline = timeline_of(attempt.facts)
    rank, last = _furthest(timeline.entries)
    if rank < BEGUN:
        return None
    end = last if rank >= FAILED else None
    state, fields = view.state, timeline.fields
    context = attempt_context(state, view.context, key, attempt)
    interval = _interval(view, timeline, end)
    entries, dropped_events = _entries(state, attempt, timeline, context.span_id)
    links, dropped_links = attempt_links(state, key, fields, view.context)
    status, message = status_of(rank, fields)
    attributes = _attributes(view, key, timeline)
    add_marks(attributes, context, interval, rank, fields)
    if view.leaves_out(interval):
        attributes[OUTSIDE] = True
    return Span(
        trace_id=context.trace_id,
        span_id=context.span_id,
        parent_span_id=context.parent_id,
        name="tasker.step.processing" if names is SpanNames.TASKER else f"step {fields.get('step_name', key.step_id)}",
        start=interval.start * 1000,
        end=interval.end * 1000,
        status=status,
        message=message,
        attributes=attributes,
        events=span_events(entries, interval, end),
        links=foreign_links(context) + links if context.foreign is not None else links,
        service=fields.get("service", ""),
        flags=context.flags,
        tracestate=context.tracestate,
        dropped_events=dropped_events,
        dropped_links=dropped_links,
        kind=STEP,
        version=fields.get("service_version") or "",
    )


def _interval(view: TaskView, timeline: Timeline, end: Fact | None) -> Interval:
    interval = attempt_interval(timeline.entries, end)
    producer = (timeline.fields if end is None else end.fields).get("producer", "")
    shift = shift_into(view.state.head, producer, interval.start, interval.end)
    return interval.moved(shift).within_time()


def _entries(state: TaskState, attempt: Attempt, timeline: Timeline, span_id: str) -> tuple[list[Fact], int]:
    """Return the facts that are events of the span, and how many were dropped before."""
    group = state.bucket(span_id).groups.get(span_id)
    if group is None:
        return timeline.entries, attempt.gap.dropped
    trim_annotations(group)
    return ordered(timeline.entries, group.facts.values()), attempt.gap.dropped + group.gap.dropped


def _furthest(entries: list[Fact]) -> tuple[int, Fact]:
    """Return how far the attempt came, and the latest of the facts that say so."""
    furthest = entries[0]
    for fact in entries:
        if fact.rank >= furthest.rank:
            furthest = fact
    return furthest.rank, furthest


def _attributes(view: TaskView, key: AttemptKey, timeline: Timeline) -> Attributes:
    fields: dict[str, Any] = timeline.fields
    attributes = business_attributes(timeline.business, fields.get("service", ""))
    add_fields(attributes, fields, _FIELDS)
    attributes["task_id"] = view.state.head.task_id
    attributes["step_id"] = key.step_id
    attributes["attempt_number"] = key.number
    return attributes
