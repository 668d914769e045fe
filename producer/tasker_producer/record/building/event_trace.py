"""The place of an event in a trace: the caller's choice, or the span of its attempt or task."""

from typing import Any

from tasker_producer.record.arguments import Options
from tasker_producer.record.building.occurrence import Subject
from tasker_producer.record.misuse import Misuse, unreadable
from tasker_producer.trace.context import active_trace, known_step_trace, task_trace, trace_of
from tasker_producer.trace.current import CurrentBlock
from tasker_producer.trace.task_traces import created_trace, known_trace
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import TraceHeaders
from tasker_schemas.names import Family, TaskEvents

# Python 3.11 looks members of an enumeration up slowly.
_CUSTOM, _WORKFLOW = Family.CUSTOM, Family.WORKFLOW
_CREATES_TASK = frozenset({str(TaskEvents.INITIALIZE_REQUESTED), str(TaskEvents.START_REQUESTED)})


def event_trace(
    name: str, family: Family, subject: Subject, block: CurrentBlock | None, options: Options, misuse: Misuse
) -> TraceHeaders:
    """Return the span that an event belongs to: the caller's, else its attempt's, its task's or the active one."""
    trace = options.trace
    if trace is not None and type(trace) is not TraceHeaders:  # which a block gives
        trace = _chosen_trace(trace, misuse)
    if trace is not None:
        return trace
    task_id, step_id, attempt = subject.task_id, subject.step_id, subject.attempt
    if task_id is None:
        return active_trace()
    if block is None or block.task_id != task_id:
        if name in _CREATES_TASK:
            return created_trace(task_id, anew=name == TaskEvents.INITIALIZE_REQUESTED)
        return _place_outside(family, task_id, step_id, attempt)
    return _place_inside(block, family, step_id, attempt)


def _chosen_trace(value: Any, misuse: Misuse) -> TraceHeaders | None:
    try:
        return trace_of(value)
    except UsageError as error:
        misuse.report(error)
    except Exception as error:  # noqa: BLE001  the value's own code runs here
        misuse.report(unreadable("trace", error))
    return None


def _place_inside(block: CurrentBlock, family: Family, step_id: str | None, attempt: int | None) -> TraceHeaders:
    """Return the place of an event inside its task's block, or inside the block of a step of the task."""
    if family is _CUSTOM:
        step_id, attempt = block.step_id, block.attempt_number
    if step_id is None or attempt is None or family is _WORKFLOW:
        return block.task_trace
    if attempt == block.attempt_number and step_id == block.step_id and block.trace.span is not None:
        return block.trace
    return known_step_trace(block.task_trace, block.task_id, step_id, attempt)


def _place_outside(family: Family, task_id: str, step_id: str | None, attempt: int | None) -> TraceHeaders:
    """Return the place of an event outside of its task's block."""
    task = known_trace(task_id) or task_trace(task_id)
    if step_id is None or attempt is None or family is _WORKFLOW:
        return task
    return known_step_trace(task, task_id, step_id, attempt)
