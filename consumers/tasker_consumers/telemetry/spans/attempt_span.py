"""The span of one attempt of a step."""

from typing import NamedTuple

from tasker_consumers.telemetry.core.context import SpanContext, attempt_context, attempt_span_id
from tasker_consumers.telemetry.core.event import BEGUN, FAILED, STATE_OF_RANK
from tasker_consumers.telemetry.core.state import Attempt, Fact, TaskState
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.skew import shift_into
from tasker_consumers.telemetry.spans.span import ERROR, OK, UNSET, Attributes, Link, Span
from tasker_consumers.telemetry.spans.span_events import nanoseconds, span_events
from tasker_consumers.telemetry.spans.timeline import Story, Told, in_order, story_of
from tasker_schemas.catalogue import RANK_AFTER

MAX_LINKS = 128
_LONGEST = 1e9  # seconds; what claims to have lasted thirty years is mistaken
DERIVED = "tasker.trace.derived"
CLAMPED = "tasker.time.clamped"
SHIFTED = "tasker.time.shifted_s"  # by how many seconds, because two clocks disagree


class Interval(NamedTuple):
    """When a span lasted, microseconds; `clamped` when its end was told to lie before its start."""

    start: int
    end: int
    clamped: bool = False


def attempt_span(
    state: TaskState, name: tuple[str, str], attempt: Attempt, task: SpanContext, names: SpanNames
) -> Span | None:
    """Return the span of an attempt, ended or not; None for one that has neither begun nor ended."""
    story = story_of(attempt["facts"])
    rank, last = _furthest(story.told)
    if rank < BEGUN:
        return None
    context = attempt_context(task, state.head["task_id"], name, attempt)
    group = state.bucket(context.span_id)["groups"].get(context.span_id)
    interval = attempt_interval(story, last if rank >= FAILED else None)
    shift = shift_into(state.head, story.fields.get("producer", ""), interval.start, interval.end)
    links, dropped = _links(state, name, story, task)
    if context.foreign is not None:
        links.insert(0, Link(*context.foreign, {"tasker.link": "carried_context"}))
    status, message = status_of(rank, story)
    step_name = story.fields.get("step_name", name[0])
    return Span(
        trace_id=context.trace_id,
        span_id=context.span_id,
        parent_span_id=context.parent_id,
        name="tasker.step.processing" if names is SpanNames.TASKER else f"step {step_name}",
        start=nanoseconds(interval.start + shift),
        end=nanoseconds(interval.end + shift),
        status=status,
        message=message,
        attributes=_attributes(state, name, story, interval) | marks(context, interval, rank, shift),
        events=span_events(in_order(attempt["facts"], group["facts"]) if group else story.told),
        links=links,
        service=story.fields.get("service", ""),
        flags=context.flags,
        tracestate=context.tracestate,
        dropped_links=dropped,
    )


def attempt_interval(story: Story, last: Fact | None) -> Interval:
    """Return when an attempt ran; `last` is the event that ended it, None while it runs.

    A start is what the events say, else when the handler was called, else what the duration leaves. The measured
    duration beats the difference between two readings of a wall clock.
    """
    told, fields = story.told, story.fields
    start = _start(told)
    if last is None:
        heard = told[-1][0]
        return Interval(min(heard, told[0][0] if start is None else start), heard)
    end: int = fields["completed_at"] if "completed_at" in fields else last["timestamp"]
    duration = fields.get("execution_duration")
    if duration is not None and 0 <= duration < _LONGEST:  # false for what is not a number
        lasted = round(duration * 1_000_000)
        return Interval(end - lasted, end) if start is None else Interval(start, start + lasted)
    if start is None:
        start = end  # it never ran, or nobody told when: no time is better than an invented one
    return Interval(start, max(start, end), clamped=end < start)


def status_of(rank: int, story: Story) -> tuple[str, str]:
    """Return code and message of a span's status; cancelled says nothing about right or wrong."""
    if rank == FAILED:
        fields = story.fields
        return ERROR, fields.get("error_message") or fields.get("error_class") or ""
    return (OK if rank > FAILED and STATE_OF_RANK[rank] != "cancelled" else UNSET), ""


def marks(context: SpanContext, interval: Interval, rank: int, shift: int = 0) -> Attributes:
    """Return the attributes that say how sure the rest is, and how it ended."""
    attributes: Attributes = {"status": STATE_OF_RANK[rank]} if rank >= 0 else {}
    if context.derived:
        attributes[DERIVED] = True
    if interval.clamped:
        attributes[CLAMPED] = True
    if shift:
        attributes[SHIFTED] = shift / 1_000_000
    return attributes


def furthest(attempt: Attempt) -> int:
    """Return how far an attempt came, -1 when there are only remarks about it."""
    ranks = [RANK_AFTER.get(fact["event_name"], -1) for fact in attempt["facts"].values()]
    return max(ranks, default=-1) if "rank" not in attempt else max(attempt["rank"], *ranks, -1)


def _furthest(told: list[Told]) -> tuple[int, Fact]:
    """Return how far the attempt came, and the latest of the facts that say so."""
    furthest, last = -1, told[0][3]
    for _, _, _, fact in told:
        rank = RANK_AFTER.get(fact["event_name"], -1)
        if rank >= furthest:
            furthest, last = rank, fact
    return furthest, last


def _start(told: list[Told]) -> int | None:
    starts = [fact["started_at"] for _, _, _, fact in told if "started_at" in fact]
    if not starts:
        starts = [at for at, _, _, fact in told if RANK_AFTER.get(fact["event_name"]) == BEGUN]
    return min(starts, default=None)


def _attributes(state: TaskState, name: tuple[str, str], story: Story, interval: Interval) -> Attributes:
    attributes = story.attributes("task_name", "step_name", "retry_limit", "correlation_id", "producer")
    attributes["task_id"] = state.head["task_id"]
    attributes["step_id"] = name[0]
    attributes["attempt_number"] = int(name[1])
    attributes["execution_duration"] = (interval.end - interval.start) / 1_000_000
    return attributes


def _links(state: TaskState, name: tuple[str, str], story: Story, task: SpanContext) -> tuple[list[Link], int]:
    """Link to the attempt before and to the steps that had to end before, as far as they are known."""
    step_id, number = name
    links: list[Link] = []
    attempts = state.bucket(step_id)["steps"][step_id]
    if len(attempts) > 1:
        # Of an attempt that was only asked for, as all but the last are in some histories, there is no span.
        before = [int(other) for other, one in attempts.items() if int(other) < int(number) and furthest(one) >= BEGUN]
        if before:
            span_id = attempt_span_id(state, task, (step_id, str(max(before))))
            links.append(Link(task.trace_id, span_id, {"tasker.link": "previous_attempt"}))
    depends_on: list[str] = story.fields.get("depends_on", [])
    room = MAX_LINKS - len(links)
    for parent in depends_on[:room]:
        if attempts := state.bucket(parent)["steps"].get(parent, {}):
            last = next(iter(attempts)) if len(attempts) == 1 else max(attempts, key=int)
            span_id = attempts[last].get("span_id") or attempt_span_id(state, task, (parent, last))
            links.append(Link(task.trace_id, span_id, {"tasker.link": "depends_on", "step_id": parent}))
    return links, max(0, len(depends_on) - room)
