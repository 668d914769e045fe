"""The ids of a task's spans: those that the events carried, and where they carried none, those derived from the ids.

One task is one trace. The earliest event that carries a context decides; for a task whose own events carry none, its
steps' `tasker-parent` decides, and only where that is missing too are ids derived.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.core.head import Attempt, Head
from tasker_consumers.telemetry.core.state import TaskState
from tasker_schemas.headers import DERIVED_FLAGS
from tasker_schemas.identity import completion_span_id, step_span_id, task_span_id, trace_id_of


@dataclass
class SpanContext:
    """The ids of a span; `derived` when no event carried its id."""

    trace_id: str
    span_id: str
    parent_id: str
    flags: int
    tracestate: str
    derived: bool
    foreign: tuple[str, str] | None = None  # a carried context of another trace than the task's


def task_context(head: Head) -> SpanContext:
    """Return the context of the task's span."""
    context = _carried_by_task(head) or _carried_by_steps(head)
    if context is None:
        task_id = head.task_id
        context = SpanContext(trace_id_of(task_id), task_span_id(task_id), "", DERIVED_FLAGS, "", derived=True)
    if head.exported_ids is None or head.exported_ids == (context.trace_id, context.span_id):
        return context
    # Spans were exported before the task's own context came: they are not left without their root.
    trace_id, span_id = head.exported_ids
    same_trace = context.trace_id == trace_id
    return SpanContext(
        trace_id,
        span_id,
        context.parent_id if same_trace and context.parent_id != span_id else "",
        context.flags,
        context.tracestate,
        derived=True,
        foreign=None if context.derived else (context.trace_id, context.span_id),
    )


def freeze(head: Head, context: SpanContext) -> None:
    """Hold on to the ids that a span is being exported with."""
    if head.exported_ids is None:
        head.exported_ids = (context.trace_id, context.span_id)


def attempt_context(state: TaskState, task: SpanContext, key: AttemptKey, attempt: Attempt) -> SpanContext:
    """Return the context of an attempt's span, in the trace of its task; an exported span keeps its id."""
    context = _attempt_context(state, task, key, attempt)
    return replace(context, span_id=attempt.span_id) if attempt.span_id else context


def attempt_span_id(state: TaskState, task: SpanContext, key: AttemptKey) -> str:
    """Return the span id of an attempt, whether anything is known of it or not."""
    attempt = state.find_attempt(key)
    if attempt is None:
        return _derived_id(task, state.head.task_id, key)
    return attempt.span_id or attempt_context(state, task, key, attempt).span_id


def is_of_an_attempt(state: TaskState, span_id: str) -> bool:
    """Return whether a span id is that of an attempt of the task: no such span can be above the task's."""
    return any(
        span_id == _step_span_id(state.head.task_id, key.step_id, key.number) or span_id in _ids_of(attempt)
        for key, attempt in state.attempts()
    )


def _attempt_context(state: TaskState, task: SpanContext, key: AttemptKey, attempt: Attempt) -> SpanContext:
    own_id = _derived_id(task, state.head.task_id, key)
    if attempt.source is not None:
        trace_id, span_id, flags, parent_id, tracestate = attempt.source.carried
        if trace_id != task.trace_id:
            foreign = (trace_id, span_id)
            return SpanContext(task.trace_id, own_id, task.span_id, flags, "", True, foreign)
        if span_id != task.span_id:  # an event that carries the task's context says nothing about its own
            # The usual context is looked at no further: it has the derived id, below the task's span.
            mistaken = span_id != own_id and _is_taken(state, task, key, span_id)
            if parent_id != task.span_id and (parent_id in ("", span_id) or is_of_an_attempt(state, parent_id)):
                parent_id = task.span_id
            return SpanContext(trace_id, own_id if mistaken else span_id, parent_id, flags, tracestate, mistaken)
    return SpanContext(task.trace_id, own_id, task.span_id, task.flags, task.tracestate, True)


def _is_taken(state: TaskState, task: SpanContext, key: AttemptKey, span_id: str) -> bool:
    """Return whether another span of the task has this id; of attempts that carry the same, the first has it."""
    if span_id == completion_span_id(state.head.task_id):
        return True
    for sibling_key, sibling in state.attempts():
        if sibling_key != key:
            derived_id = _derived_id(task, state.head.task_id, sibling_key)
            source = sibling.source
            is_carried = source is not None and source.carried.span_id == span_id and sibling_key < key
            if span_id in (derived_id, sibling.span_id) or is_carried:
                return True
    return False


def _ids_of(attempt: Attempt) -> tuple[str, ...]:
    return (attempt.span_id,) if attempt.source is None else (attempt.span_id, attempt.source.carried.span_id)


def _derived_id(task: SpanContext, task_id: str, key: AttemptKey) -> str:
    own_id = _step_span_id(task_id, key.step_id, key.number)
    # An event of the task was sent with this attempt's context, and the task has its id now: no span is its own parent.
    return own_id if own_id != task.span_id else task_span_id(task_id)


def _carried_by_task(head: Head) -> SpanContext | None:
    if head.source is None:
        return None
    trace_id, span_id, flags, parent_id, tracestate = head.source.carried
    # The event can have been sent with the context of an attempt of the task.
    if parent_id and parent_id == task_span_id(head.task_id):
        return SpanContext(trace_id, parent_id, "", flags, tracestate, True)
    return SpanContext(trace_id, span_id, "" if parent_id == span_id else parent_id, flags, tracestate, False)


def _carried_by_steps(head: Head) -> SpanContext | None:
    if head.step_source is None:
        return None
    trace_id, _, flags, parent_id, tracestate = head.step_source.carried
    return SpanContext(trace_id, parent_id or task_span_id(head.task_id), "", flags, tracestate, True)


@lru_cache(maxsize=8192)
def _step_span_id(task_id: str, step_id: str, number: int) -> str:
    """Return the id that an attempt's span is derived to have; the spans of a task ask for it several times."""
    return step_span_id(task_id, step_id, number)
