"""One Temporal run, read event by event."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasker_consumers.importers.document import Node
from tasker_consumers.importers.event import EventMaker, ImportedEvent
from tasker_consumers.importers.temporal.payload import camel, payload_values, read_failure
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
from tasker_consumers.importers.times import read_time
from tasker_schemas.catalogue import STATE_AFTER
from tasker_schemas.names import State, StepEvents, TaskEvents

_BEGINNINGS: Mapping[str, Callable[[Node], Step]] = {
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


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One event of a history; `said` holds the attributes of its type."""

    type: str
    event_id: int
    time: int
    said: Node

    @property
    def origin(self) -> str:
        """What distinguishes it within its run."""
        return str(self.event_id)


class RunReader:
    """Reads one history; keeps what later events of it refer to."""

    def __init__(self, events: Node, fallback_id: str) -> None:
        self._events = events
        self._fallback_id = fallback_id
        self._steps: dict[int, Step] = {}  # by the event that announced them
        self._started_at = 0
        self._make: EventMaker

    def read(self) -> Iterator[ImportedEvent]:
        """Return the run's events in the order of its history; raise BrokenFile."""
        nodes = self._events.items()
        if not nodes:
            self._events.refuse("at least one event")
        yield from self._open(nodes[0])
        for node in nodes[1:]:
            event = _history_event(node)
            if event is None:
                continue
            if begin := _BEGINNINGS.get(event.type):
                yield from self._begin(event, begin(event.said))
            elif reference := STARTS.get(event.type):
                yield from self._start(event, self._step(event.said.get(reference)))
            elif outcome := OUTCOMES.get(event.type):
                yield from self._end(event, outcome, self._step(event.said.get(outcome.reference)))
            else:
                yield self._close(event, _CLOSINGS[event.type])

    def _open(self, node: Node) -> Iterator[ImportedEvent]:
        event = _history_event(node)
        if event is None or event.type != _OPENING:
            node.get("eventType").refuse(f"{_OPENING} as the first event")
        said = event.said
        run_id, workflow_id = said.find("originalExecutionRunId"), said.find("workflowId")
        self._make = EventMaker(
            run_id.identifier() if run_id and run_id.value else self._fallback_id,
            said.get("workflowType").get("name").text(),
            workflow_id.text() if workflow_id and workflow_id.value else None,
        )
        self._started_at = event.time
        about = {"imported_from": "Temporal", "task_queue": task_queue(said)}
        given = payload_values(said.find("input"))
        told = {"context": {"input": one_or_all(given)} if given else None}
        yield self._make.make(TaskEvents.INITIALIZE_REQUESTED, event.time, event.origin, told, about)
        yield self._make.make(
            TaskEvents.START_REQUESTED, event.time, event.origin, {**told, "started_at": event.time}, about
        )

    def _step(self, reference: Node) -> Step:
        step = self._steps.get(reference.integer())
        if step is None:
            reference.refuse("the id of an earlier event that begins a step")
        return step

    def _begin(self, event: HistoryEvent, step: Step) -> Iterator[ImportedEvent]:
        if any(known.step_id == step.step_id for known in self._steps.values()):
            step.step_id = f"{step.step_id}@{event.event_id}"  # Temporal lets an id be used again
        self._steps[event.event_id] = step
        asked = {**step.fields(), "step_inputs": one_or_all(payload_values(event.said.find("input")))}
        yield self._make.make(StepEvents.EXECUTION_REQUESTED, event.time, event.origin, asked, step.attributes)
        if event.type == "TimerStarted":
            yield from self._start(event, step)

    def _start(self, event: HistoryEvent, step: Step) -> Iterator[ImportedEvent]:
        attempt = event.said.find("attempt")
        step.attempt = max(1, attempt.integer()) if attempt else 1
        if step.attempt > 1:
            yield self._retry(event, step)
        step.started_at, step.state = event.time, State.IN_PROGRESS
        yield self._make.make(StepEvents.HANDLE, event.time, event.origin, step.fields(), step.attributes)

    def _retry(self, event: HistoryEvent, step: Step) -> ImportedEvent:
        failure = read_failure(event.said.find("lastFailure"))
        told = {
            **step.fields(),
            "previous_attempts": step.attempt - 1,
            "retry_reason": f"{failure.error_class}: {failure.error_message}" if failure else None,
        }
        return self._make.make(StepEvents.RETRY_REQUESTED, event.time, event.origin, told, step.attributes)

    def _end(self, event: HistoryEvent, outcome: Outcome, step: Step) -> Iterator[ImportedEvent]:
        told = {**step.fields(), "completed_at": event.time, **ending(event.type, outcome.event, event.said)}
        if step.started_at is not None:
            told["execution_duration"] = max(0, event.time - step.started_at) / 1_000_000
        step.state = STATE_AFTER[outcome.event]
        yield self._make.make(outcome.event, event.time, event.origin, told, step.attributes)
        if outcome.event is StepEvents.FAILED and retries_exhausted(event.said):
            yield self._make.make(StepEvents.MAX_RETRIES_REACHED, event.time, event.origin, told, step.attributes)

    def _close(self, event: HistoryEvent, outcome: TaskEvents) -> ImportedEvent:
        told: dict[str, Any] = {"started_at": self._started_at, "completed_at": event.time, **self._counts()}
        told["execution_duration"] = max(0, event.time - self._started_at) / 1_000_000
        if outcome is TaskEvents.FAILED:
            told |= error_fields(event.type, event.said)
            told["error_steps"] = [step.step_id for step in self._steps.values() if step.state is State.ERROR]
        if outcome is TaskEvents.CANCELLED:
            reason = event.said.find("reason")
            told["cancellation_reason"] = reason.text() if reason and reason.value else event.type
        next_run = event.said.find("newExecutionRunId")
        about = {"closed_by": event.type, "next_run": next_run.text() if next_run and next_run.value else None}
        return self._make.make(outcome, event.time, event.origin, told, about)

    def _counts(self) -> dict[str, int]:
        states = Counter(step.state for step in self._steps.values())
        return {
            "total_steps": len(self._steps),
            "completed_steps": states[State.COMPLETE],
            "failed_steps": states[State.ERROR],
            "pending_steps": states[State.PENDING] + states[State.IN_PROGRESS],
        }


def _history_event(node: Node) -> HistoryEvent | None:
    """Read one event; return None for a type that tells nothing about the run or its steps."""
    kind = camel(node.get("eventType").text(), "EVENT_TYPE_")
    if kind != _OPENING and not any(kind in table for table in (_BEGINNINGS, STARTS, OUTCOMES, _CLOSINGS)):
        return None
    said = node.get(f"{kind[0].lower()}{kind[1:]}EventAttributes")
    return HistoryEvent(kind, node.get("eventId").integer(), read_time(node.get("eventTime")), said)
