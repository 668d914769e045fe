"""Spans as tasks and steps.

A span without a parent is a task. A span with a parent is a step of it; if it has children, too, it is also a task,
within the span of that step. The spans of this project's own telemetry become the tasks and steps that they tell of.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import EventMaker, ImportedEvent, ParentRef
from tasker_consumers.importers.executions import Execution, TaskRun, Timing, events_of
from tasker_consumers.importers.spool import Spool
from tasker_consumers.importers.traces.own import is_own, own_tasks
from tasker_consumers.importers.traces.span import TraceSpan
from tasker_schemas.names import State

_IMPORTED = {"imported_from": "trace"}
_MEMBERS_SHOWN = 5  # of a cycle


def events_of_traces(spans: Iterable[TraceSpan]) -> Iterator[ImportedEvent]:
    """Yield the events of all traces, a trace at a time; raise BrokenFile when there is no span or no root."""
    is_empty = True
    with Spool[TraceSpan]() as spool:
        for span in spans:
            spool.add(span.trace_id, span)
        for _, trace in groupby(spool.by_key(), key=lambda entry: entry[0]):
            is_empty = False
            yield from events_of_trace([span for _, span in trace])
    if is_empty:
        raise BrokenFile("the file", "no span is in it")


def events_of_trace(spans: Sequence[TraceSpan]) -> list[ImportedEvent]:
    """Return the events of a trace; raise BrokenFile when its spans are each other's parents."""
    distinct = _distinct(spans)
    own_spans = {span_id: span for span_id, span in distinct.items() if is_own(span)}
    foreign = {span_id: span for span_id, span in distinct.items() if span_id not in own_spans}
    events: list[ImportedEvent] = []
    parents: dict[str, ParentRef] = {}
    for own_task in own_tasks(own_spans):
        events += events_of(own_task.task, own_task.within)
        make = EventMaker(own_task.task.task_id, own_task.task.name, None, own_task.within)
        parents |= {span_id: make.inside(*attempt) for span_id, attempt in own_task.attempts.items()}
    for root, task in _foreign_tasks(foreign):
        events += events_of(task, parents.get(root.parent_id or ""))
    return events


def _distinct(spans: Iterable[TraceSpan]) -> dict[str, TraceSpan]:
    """Return spans by id; of several with the same id the longest, since an open span may be exported again."""
    distinct: dict[str, TraceSpan] = {}
    for span in spans:
        longest = distinct.get(span.span_id)
        if longest is None or _length(longest) < _length(span):
            distinct[span.span_id] = span
    return dict(sorted(distinct.items(), key=lambda entry: (entry[1].start, entry[0])))


def _length(span: TraceSpan) -> int:
    return -1 if span.end is None else span.end - span.start


def _foreign_tasks(spans: Mapping[str, TraceSpan]) -> Iterator[tuple[TraceSpan, TaskRun]]:
    children: dict[str, list[str]] = {}
    roots: list[str] = []
    for span_id, span in spans.items():
        if span.parent_id in spans:
            children.setdefault(str(span.parent_id), []).append(span_id)
        else:
            roots.append(span_id)
    ordered = list(roots)
    for span_id in ordered:  # grows while it is read: parents before their children
        ordered += children.get(span_id, ())
    if len(ordered) < len(spans):
        reached = set(ordered)
        lost = next(span for span_id, span in spans.items() if span_id not in reached)
        raise BrokenFile(lost.place, f"its parents form a cycle: {_cycle(spans, lost)}")
    runs: dict[str, TaskRun] = {}
    for span_id in reversed(ordered):
        if span_id in children or spans[span_id].parent_id not in spans:
            inner_spans = [(spans[child], runs.get(child)) for child in children.get(span_id, ())]
            runs[span_id] = _task(spans[span_id], [_step(span, inner) for span, inner in inner_spans])
    for span_id in roots:
        yield spans[span_id], runs[span_id]


def _cycle(spans: Mapping[str, TraceSpan], span: TraceSpan) -> str:
    """Return the ids of a cycle that walking up from a span leads into."""
    walk: dict[str, int] = {}
    while span.span_id not in walk:
        walk[span.span_id] = len(walk)
        span = spans[str(span.parent_id)]
    cycle = list(walk)[walk[span.span_id] :]
    between = " → … → " if len(cycle) > _MEMBERS_SHOWN else " → "
    return between.join([" → ".join(cycle[:_MEMBERS_SHOWN]), span.span_id])


def _task(span: TraceSpan, executions: list[Execution]) -> TaskRun:
    return TaskRun(
        task_id=f"trace:{span.trace_id}:{span.span_id}",
        name=span.name,
        timing=_timing(span),
        executions=executions,
        reason=span.reason,
        attributes={**_IMPORTED, **span.attributes},
        correlation_id=span.trace_id,
    )


def _step(span: TraceSpan, inner: TaskRun | None) -> Execution:
    return Execution(
        step_id=span.span_id,
        name=span.name,
        timing=_timing(span),
        reason=span.reason,
        attributes=span.attributes,
        inner=inner,
    )


def _timing(span: TraceSpan) -> Timing:
    outcome = None if span.end is None else State.ERROR if span.is_failed else State.COMPLETE
    return Timing(started_at=span.start, ended_at=span.end, outcome=outcome)
