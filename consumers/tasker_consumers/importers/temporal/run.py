"""A Temporal run, read event by event."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasker_consumers.importers.event import EventMaker, ImportedEvent
from tasker_consumers.importers.temporal.payload import payload_values, read_failure
from tasker_consumers.importers.temporal.spelling import TemporalNode, event_time, event_type, in_order
from tasker_consumers.importers.temporal.steps import (
    OUTCOMES,
    STARTS,
    Outcome,
    Step,
    ending,
    error_fields,
    new_activity,
    new_child,
    new_timer,
    one_or_all,
    retries_exhausted,
    task_queue,
)
from tasker_schemas.catalogue import STATE_AFTER
from tasker_schemas.names import State, StepEvents, TaskEvents

_BEGINNINGS: Mapping[str, Callable[[TemporalNode], Step]] = {
    "ActivityTaskScheduled": new_activity,
    "TimerStarted": new_timer,
    "StartChildWorkflowExecutionInitiated": new_child,
}
_CLOSINGS: Mapping[str, TaskEvents] = {
    "WorkflowExecutionCompleted": TaskEvents.COMPLETED,
    "WorkflowExecutionContinuedAsNew": TaskEvents.COMPLETED,
    "WorkflowExecutionFailed": TaskEvents.FAILED,
    "WorkflowExecutionTimedOut": TaskEvents.FAILED,
    "WorkflowExecutionCanceled": TaskEvents.CANCELLED,
    "WorkflowExecutionTerminated": TaskEvents.CANCELLED,
}
_OPENING = "WorkflowExecutionStarted"
_RESET = ("ResetWorkflow", "WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW", "RESET_WORKFLOW", 14)  # causes of a failed task


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """An event of a history; `details` holds the attributes of its type, `time` is in microseconds."""

    type: str
    event_id: int
    time: int
    details: TemporalNode

    @property
    def origin(self) -> str:
        """The text that distinguishes the event within its run."""
        return str(self.event_id)


class RunReader:
    """Reads a history; keeps the steps that later events refer to."""

    def __init__(self, events: TemporalNode, fallback_id: str) -> None:
        self._nodes = in_order(events)
        self._fallback_id = fallback_id
        self._steps: dict[int, Step] = {}  # by the event that announced them
        self._step_ids: set[str] = set()
        self._started_at = 0
        self._make: EventMaker

    def read(self) -> Iterator[ImportedEvent]:
        """Return the run's events in the order of its history; raise BrokenFile."""
        yield from self._open(self._nodes[0])
        for node in self._nodes[1:]:
            event = _history_event(node)
            if event is None:
                continue
            if begin := _BEGINNINGS.get(event.type):
                yield from self._begin(event, begin(event.details))
            elif reference := STARTS.get(event.type):
                yield from self._start(event, self._step(event.details.get(reference)))
            elif outcome := OUTCOMES.get(event.type):
                yield from self._end(event, outcome, self._step(event.details.get(outcome.reference)))
            else:
                yield self._close(event, _CLOSINGS[event.type])

    def _open(self, node: TemporalNode) -> Iterator[ImportedEvent]:
        event = _history_event(node)
        if event is None or event.type != _OPENING:
            node.get("eventType").refuse(f"{_OPENING} as the first event")
        details = event.details
        workflow_id = details.find("workflowId")
        self._make = EventMaker(
            self._run_id(details),
            details.get("workflowType").get("name").text(),
            workflow_id.text() if workflow_id else None,
        )
        self._started_at = event.time
        attributes = {"imported_from": "Temporal", "task_queue": task_queue(details)}
        inputs = payload_values(details.find("input"))
        context = {"context": {"input": one_or_all(inputs)} if inputs else None}
        yield self._make.make(TaskEvents.INITIALIZE_REQUESTED, event.time, event.origin, context, attributes)
        fields = {**context, "started_at": event.time}
        yield self._make.make(TaskEvents.START_REQUESTED, event.time, event.origin, fields, attributes)

    def _run_id(self, opening: TemporalNode) -> str:
        """Return the run's own id: a reset gives a new one to the copy of the history that it makes."""
        for node in reversed(self._nodes):
            if event_type(node) == "WorkflowTaskFailed":
                failed = node.find("workflowTaskFailedEventAttributes")
                cause, new_run = (failed.find("cause"), failed.find("newRunId")) if failed else (None, None)
                if new_run and cause and cause.value in _RESET:
                    return new_run.identifier()
        run_id = opening.find("originalExecutionRunId")
        return run_id.identifier() if run_id else self._fallback_id

    def _step(self, reference: TemporalNode) -> Step:
        step = self._steps.get(reference.integer())
        if step is None:
            reference.refuse("the id of an earlier event that begins a step")
        return step

    def _begin(self, event: HistoryEvent, step: Step) -> Iterator[ImportedEvent]:
        if step.step_id in self._step_ids:
            step.step_id = f"{step.step_id}@{event.event_id}"  # Temporal lets an id be used again
        self._step_ids.add(step.step_id)
        self._steps[event.event_id] = step
        fields = {**step.fields(), "step_inputs": one_or_all(payload_values(event.details.find("input")))}
        yield self._make.make(StepEvents.EXECUTION_REQUESTED, event.time, event.origin, fields, step.attributes)
        if event.type == "TimerStarted":
            yield from self._start(event, step)

    def _start(self, event: HistoryEvent, step: Step) -> Iterator[ImportedEvent]:
        attempt = event.details.find("attempt")
        step.attempt = max(1, attempt.integer()) if attempt else 1
        if step.attempt > 1:
            yield self._retry(event, step)
        step.started_at, step.state = event.time, State.IN_PROGRESS
        yield self._make.make(StepEvents.HANDLE, event.time, event.origin, step.fields(), step.attributes)

    def _retry(self, event: HistoryEvent, step: Step) -> ImportedEvent:
        failure = read_failure(event.details.find("lastFailure"))
        fields = {
            **step.fields(),
            "previous_attempts": step.attempt - 1,
            "retry_reason": f"{failure.error_class}: {failure.error_message}" if failure else None,
        }
        return self._make.make(StepEvents.RETRY_REQUESTED, event.time, event.origin, fields, step.attributes)

    def _end(self, event: HistoryEvent, outcome: Outcome, step: Step) -> Iterator[ImportedEvent]:
        fields = {**step.fields(), "completed_at": event.time, **ending(event.type, outcome.event, event.details)}
        if step.started_at is not None and event.time >= step.started_at:
            fields["execution_duration"] = (event.time - step.started_at) / 1_000_000
        step.state = STATE_AFTER[outcome.event]
        yield self._make.make(outcome.event, event.time, event.origin, fields, step.attributes)
        if outcome.event is StepEvents.FAILED and retries_exhausted(event.details):
            yield self._make.make(StepEvents.MAX_RETRIES_REACHED, event.time, event.origin, fields, step.attributes)

    def _close(self, event: HistoryEvent, outcome: TaskEvents) -> ImportedEvent:
        fields: dict[str, Any] = {"started_at": self._started_at, "completed_at": event.time, **self._counts()}
        if event.time >= self._started_at:
            fields["execution_duration"] = (event.time - self._started_at) / 1_000_000
        if outcome is TaskEvents.FAILED:
            fields |= error_fields(event.type, event.details)
            fields["error_steps"] = [step.step_id for step in self._steps.values() if step.state is State.ERROR]
        if outcome is TaskEvents.CANCELLED:
            reason = event.details.find("reason")
            fields["cancellation_reason"] = reason.text() if reason else event.type
        next_run = event.details.find("newExecutionRunId")
        attributes = {"closed_by": event.type, "next_run": next_run.text() if next_run else None}
        return self._make.make(outcome, event.time, event.origin, fields, attributes)

    def _counts(self) -> dict[str, int]:
        states = Counter(step.state for step in self._steps.values())
        return {
            "total_steps": len(self._steps),
            "completed_steps": states[State.COMPLETE],
            "failed_steps": states[State.ERROR],
            "pending_steps": states[State.PENDING] + states[State.IN_PROGRESS],
        }


def _history_event(node: TemporalNode) -> HistoryEvent | None:
    """Read an event; return None for a type that tells nothing about the run or its steps."""
    kind = event_type(node)
    if kind != _OPENING and not any(kind in table for table in (_BEGINNINGS, STARTS, OUTCOMES, _CLOSINGS)):
        return None
    details = node.get(f"{kind[0].lower()}{kind[1:]}EventAttributes")
    return HistoryEvent(kind, node.get("eventId").integer(), event_time(node), details)
