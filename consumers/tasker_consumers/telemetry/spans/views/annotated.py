"""The facts of a span in order, with the annotations that carry its span id among them."""

from dataclasses import dataclass

from tasker_consumers.telemetry.core.annotations import trim_annotations
from tasker_consumers.telemetry.core.context import SpanContext, attempt_span_id
from tasker_consumers.telemetry.core.event import COMPLETE
from tasker_consumers.telemetry.core.facts import Fact
from tasker_consumers.telemetry.core.head import Attempt, Group
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.spans.views.timeline import Timeline, ordered, timeline_of


@dataclass
class Annotated:
    """The facts that a span shows as its events."""

    entries: list[Fact]
    dropped: int  # facts that were too many to be kept


def annotated_task(state: TaskState, context: SpanContext) -> tuple[Timeline, Annotated]:
    """Return the timeline of a task's own facts, and these facts with the annotations that no attempt shows."""
    own, annotations = state.head.facts, state.head.annotations
    trim_annotations(annotations)
    groups = list(loose_groups(state, context).values())
    for group in groups:
        trim_annotations(group)
    timeline = timeline_of(own or annotations.facts)
    entries = timeline.entries
    if groups or (own and annotations.facts):
        together = [own, annotations.facts, *[group.facts for group in groups]]
        entries = ordered([fact for facts in together for fact in facts.values()])
    return timeline, Annotated(entries, annotations.gap.dropped + sum([group.gap.dropped for group in groups]))


def annotated_attempt(state: TaskState, attempt: Attempt, timeline: Timeline, span_id: str) -> Annotated:
    """Return the facts of an attempt with the annotations that carry its span id."""
    group = state.bucket(span_id).groups.get(span_id)
    if group is None:
        return Annotated(timeline.entries, attempt.gap.dropped)
    trim_annotations(group)
    entries = ordered([*timeline.entries, *group.facts.values()])
    return Annotated(entries, attempt.gap.dropped + group.gap.dropped)


def loose_groups(state: TaskState, context: SpanContext) -> dict[str, Group]:
    """Return the annotations, by the span id they carry, that no attempt shows: they belong to the task's span."""
    if not state.head.spilled and not state.head.bucket.groups:
        return {}
    groups = {span_id: group for bucket in state.buckets() for span_id, group in bucket.groups.items()}
    if not groups:
        return {}
    for key, attempt in state.attempts():
        if attempt.exported_rank is None or attempt.exported_rank < COMPLETE:
            groups.pop(attempt_span_id(state, context, key), None)
    return groups
