"""The spans of this project's own telemetry, back to the tasks and steps that they tell of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasker_consumers.importers.event import ParentRef
from tasker_consumers.importers.executions import Execution, Reason, TaskRun, Timing
from tasker_consumers.importers.traces.span import TraceSpan
from tasker_schemas.names import State

_READABLE = ("task ", "step ")
_OWN = frozenset({
    "task_id", "task_name", "step_id", "step_name", "attempt_number", "retry_limit", "execution_duration", "status",
    "producer", "total_steps", "completed_steps", "failed_steps", "pending_steps", "completion_time", "error.type",
    "correlation_id", "parent_task_id", "source_service",
})  # fmt: skip
_OUTCOMES = {"complete": State.COMPLETE, "error": State.ERROR, "cancelled": State.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTask:
    """A task of this project; `attempts` has the step and the number of each attempt by the id of its span."""

    task: TaskRun
    within: ParentRef | None
    attempts: Mapping[str, tuple[str, int]]


def is_own(span: TraceSpan) -> bool:
    """Whether a span was made of a task or a step by this project's telemetry."""
    if not isinstance(span.attributes.get("task_id"), str):
        return False
    return span.name.startswith("tasker.") or (span.name.startswith(_READABLE) and "status" in span.attributes)


def own_tasks(spans: Mapping[str, TraceSpan]) -> Iterator[OwnTask]:
    """Yield the tasks of our own spans; marks of a task's end tell nothing that its span does not."""
    steps: dict[str, dict[str, TraceSpan]] = {}
    tasks: dict[str, TraceSpan | None] = {}
    for span_id, span in spans.items():
        task_id = str(span.attributes["task_id"])
        if "completion_time" in span.attributes or span.name == "tasker.late_error":
            continue
        if isinstance(span.attributes.get("step_id"), str):
            steps.setdefault(task_id, {})[span_id] = span
            tasks.setdefault(task_id, None)
        else:
            tasks[task_id] = span
    for task_id, task_span in tasks.items():
        of_task = steps.get(task_id, {})
        executions = {span_id: _execution(span) for span_id, span in of_task.items()}
        yield OwnTask(
            task=_task(task_id, task_span, list(executions.values()), list(of_task.values())),
            within=_within(task_span, spans, tasks),
            attempts={span_id: (execution.step_id, execution.attempt) for span_id, execution in executions.items()},
        )


def _within(
    task_span: TraceSpan | None, spans: Mapping[str, TraceSpan], tasks: Mapping[str, TraceSpan | None]
) -> ParentRef | None:
    """Return the attempt in which a task was created, as far as its span is in the file."""
    parent = _step_above(task_span, spans)
    if parent is None:
        return None
    root_id, visited = str(parent.attributes["task_id"]), set[str]()
    while (step_span := _step_above(tasks.get(root_id), spans)) is not None and root_id not in visited:
        visited.add(root_id)
        root_id = str(step_span.attributes["task_id"])
    attributes = parent.attributes
    return ParentRef(root_id, str(attributes["task_id"]), str(attributes["step_id"]), _attempt(attributes))


def _step_above(task_span: TraceSpan | None, spans: Mapping[str, TraceSpan]) -> TraceSpan | None:
    parent = None if task_span is None or task_span.parent_id is None else spans.get(task_span.parent_id)
    return parent if parent is not None and isinstance(parent.attributes.get("step_id"), str) else None


def _task(task_id: str, task_span: TraceSpan | None, executions: list[Execution], spans: list[TraceSpan]) -> TaskRun:
    name = str((task_span or spans[0]).attributes.get("task_name") or task_id)
    if task_span is None:
        return TaskRun(task_id=task_id, name=name, timing=Timing(), executions=executions)
    correlation_id = task_span.attributes.get("correlation_id")
    return TaskRun(
        task_id=task_id,
        name=name,
        timing=_timing(task_span, "task.initialize_requested", "task.started"),
        executions=executions,
        reason=_reason(task_span),
        attributes=_business(task_span.attributes),
        correlation_id=str(correlation_id) if correlation_id else None,
    )


def _execution(span: TraceSpan) -> Execution:
    attributes = span.attributes
    limit = attributes.get("retry_limit")
    return Execution(
        step_id=str(attributes["step_id"]),
        name=str(attributes.get("step_name") or attributes["step_id"]),
        timing=_timing(span, "step.execution_requested", "step.started"),
        attempt=_attempt(attributes),
        reason=_reason(span),
        attributes=_business(attributes),
        depends_on=span.depends_on,
        retry_limit=limit if isinstance(limit, int) else None,
    )


def _attempt(attributes: Mapping[str, Any]) -> int:
    number = attributes.get("attempt_number")
    return number if isinstance(number, int) and number > 0 else 1


def _timing(span: TraceSpan, queued: str, started: str) -> Timing:
    outcome = _OUTCOMES.get(str(span.attributes.get("status")))
    is_started = started in span.moments or "execution_duration" in span.attributes
    return Timing(
        queued_at=span.moments.get(queued),
        started_at=span.start if is_started else None,
        ended_at=span.end if outcome else None,
        outcome=outcome,
    )


def _reason(span: TraceSpan) -> Reason:
    return Reason(message="cancelled") if span.attributes.get("status") == "cancelled" else span.reason


def _business(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in _OWN and not name.startswith("tasker.")}
