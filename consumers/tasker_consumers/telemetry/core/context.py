"""The ids of a task's spans: what the events carried, and where they carried nothing, what follows from the ids.

One task is one trace. The earliest event that carries a context decides; a task whose own events carry none is told by
its steps' `tasker-parent`, and only then are ids derived.
"""

from typing import Any, NamedTuple

from tasker_consumers.telemetry.core.state import Attempt, Head, TaskState
from tasker_schemas.headers import DERIVED_FLAGS
from tasker_schemas.identity import step_span_id, task_span_id, trace_id_of


class SpanContext(NamedTuple):
    """Where a span stands; `derived` when no event carried its id."""

    trace_id: str
    span_id: str
    parent_id: str
    flags: int
    tracestate: str
    derived: bool
    foreign: tuple[str, str] | None = None  # a carried context of another trace than the task's


def task_context(head: Head) -> SpanContext:
    """Return the context of the task's span."""
    found = _carried_by_task(head) or _told_by_steps(head)
    if found is None:
        task_id = head["task_id"]
        found = SpanContext(trace_id_of(task_id), task_span_id(task_id), "", DERIVED_FLAGS, "", derived=True)
    frozen = head.get("frozen")
    if frozen is None or frozen == [found.trace_id, found.span_id]:
        return found
    # Spans were exported before the task's own context came: they are not left without their root.
    trace_id, span_id = frozen
    foreign = None if found.derived else (found.trace_id, found.span_id)
    same = found.trace_id == trace_id
    return SpanContext(
        trace_id, span_id, found.parent_id if same else "", found.flags, found.tracestate, derived=True, foreign=foreign
    )


def freeze(head: Head, context: SpanContext) -> None:
    """Hold on to the ids that a span is being exported with."""
    head.setdefault("frozen", [context.trace_id, context.span_id])


def attempt_context(task: SpanContext, task_id: str, name: tuple[str, str], attempt: Attempt) -> SpanContext:
    """Return the context of an attempt's span, in the trace of its task; an exported span keeps its id."""
    found = _attempt_context(task, task_id, name, attempt)
    return found._replace(span_id=attempt["span_id"]) if "span_id" in attempt else found


def _attempt_context(task: SpanContext, task_id: str, name: tuple[str, str], attempt: Attempt) -> SpanContext:
    told: tuple[int, str, list[Any]] | None = None
    for event_id, fact in attempt["facts"].items():
        if "ctx" in fact:
            one = fact["timestamp"], event_id, fact["ctx"]
            if told is None or one < told:
                told = one
    if told is not None:
        trace_id, span_id, flags, parent_id, tracestate = told[2]
        if trace_id != task.trace_id:
            own = _derived_id(task, task_id, name)
            return SpanContext(task.trace_id, own, task.span_id, flags, "", derived=True, foreign=(trace_id, span_id))
        if span_id != task.span_id:  # an event that carries the task's context says nothing about its own
            above = task.span_id if parent_id in ("", span_id) else parent_id
            return SpanContext(trace_id, span_id, above, flags, tracestate, derived=False)
    own = _derived_id(task, task_id, name)
    return SpanContext(task.trace_id, own, task.span_id, task.flags, task.tracestate, derived=True)


def _derived_id(task: SpanContext, task_id: str, name: tuple[str, str]) -> str:
    step_id, number = name
    own = step_span_id(task_id, step_id, int(number))
    # An event of the task was sent with this attempt's context, and the task has its id now: no span is its own parent.
    return own if own != task.span_id else task_span_id(task_id)


def attempt_span_id(state: TaskState, task: SpanContext, name: tuple[str, str]) -> str:
    """Return the span id of an attempt, known or not."""
    step_id, number = name
    attempt = state.bucket(step_id)["steps"].get(step_id, {}).get(number)
    if attempt is None:
        return _derived_id(task, state.head["task_id"], name)
    return attempt.get("span_id") or attempt_context(task, state.head["task_id"], name, attempt).span_id


def _carried_by_task(head: Head) -> SpanContext | None:
    told = head.get("context")
    if told is None:
        return None
    _, _, trace_id, span_id, flags, parent_id, tracestate = told
    # The event can have been sent with the context of one of the task's attempts.
    if parent_id and parent_id == task_span_id(head["task_id"]):
        return SpanContext(trace_id, parent_id, "", flags, tracestate, derived=True)
    return SpanContext(trace_id, span_id, "" if parent_id == span_id else parent_id, flags, tracestate, derived=False)


def _told_by_steps(head: Head) -> SpanContext | None:
    told = head.get("step_context")
    if told is None:
        return None
    _, _, _, trace_id, parent_id, flags, tracestate = told
    return SpanContext(trace_id, parent_id or task_span_id(head["task_id"]), "", flags, tracestate, derived=True)
