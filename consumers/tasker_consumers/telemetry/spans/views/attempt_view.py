"""A view of an attempt of a step: how far it came, its context, and when it lasted."""

from dataclasses import dataclass

from tasker_consumers.telemetry.core.annotations import trim_annotations
from tasker_consumers.telemetry.core.context import SpanContext, attempt_context
from tasker_consumers.telemetry.core.event import BEGUN, FAILED
from tasker_consumers.telemetry.core.facts import AttemptKey, Fact
from tasker_consumers.telemetry.core.head import Attempt
from tasker_consumers.telemetry.spans.views.interval import Interval, attempt_interval
from tasker_consumers.telemetry.spans.views.skew import shift_into
from tasker_consumers.telemetry.spans.views.task_view import TaskView
from tasker_consumers.telemetry.spans.views.timeline import Timeline, timeline_of


@dataclass
class AttemptView:
    """An attempt as it is now."""

    rank: int  # from FAILED on the attempt has ended
    end: Fact | None  # the event that ended it; None while it runs
    context: SpanContext
    interval: Interval
    timeline: Timeline


def attempt_view(task: TaskView, key: AttemptKey, attempt: Attempt) -> AttemptView | None:
    """Return the view of an attempt; None for an attempt that has neither begun nor ended."""
    trim_annotations(attempt)
    timeline = timeline_of(attempt.facts)
    rank, last = _furthest(timeline.entries)
    if rank < BEGUN:
        return None
    end = last if rank >= FAILED else None
    context = attempt_context(task.state, task.context, key, attempt)
    return AttemptView(rank, end, context, _interval(task, timeline, end), timeline)


def _furthest(entries: list[Fact]) -> tuple[int, Fact]:
    """Return how far the attempt came, and the latest of the facts that say so."""
    furthest = entries[0]
    for fact in entries:
        if fact.rank >= furthest.rank:
            furthest = fact
    return furthest.rank, furthest


def _interval(task: TaskView, timeline: Timeline, end: Fact | None) -> Interval:
    interval = attempt_interval(timeline.entries, end)
    producer = (timeline.fields if end is None else end.fields).get("producer", "")
    shift = shift_into(task.state.head, producer, interval.start, interval.end)
    return interval.moved(shift).within_time()
