"""How the steps of a Temporal run begin, go on and end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tasker_consumers.importers.temporal.payload import payload_values, read_failure
from tasker_consumers.importers.temporal.spelling import TemporalNode, enum_name
from tasker_schemas.names import State, StepEvents


@dataclass(slots=True)
class Step:
    """A step with its present attempt; `started_at` is in microseconds."""

    step_id: str
    name: str
    retry_limit: int | None = None
    attempt: int = 1
    started_at: int | None = None
    state: State = State.PENDING
    attributes: dict[str, Any] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """Return the fields of every event of the present attempt."""
        return {
            "step_id": self.step_id,
            "step_name": self.name,
            "attempt_number": self.attempt,
            "retry_limit": self.retry_limit,
            "started_at": self.started_at,
        }


class Outcome(NamedTuple):
    """The meaning of an event of the history for the step that it refers to."""

    reference: str  # the member that holds the id of the step's first event
    event: StepEvents


_EXHAUSTED = "MaximumAttemptsReached"
_ACTIVITY, _TIMER, _CHILD = "scheduledEventId", "startedEventId", "initiatedEventId"

STARTS: Mapping[str, str] = {"ActivityTaskStarted": _ACTIVITY, "ChildWorkflowExecutionStarted": _CHILD}

OUTCOMES: Mapping[str, Outcome] = {
    "ActivityTaskCompleted": Outcome(_ACTIVITY, StepEvents.COMPLETED),
    "ActivityTaskFailed": Outcome(_ACTIVITY, StepEvents.FAILED),
    "ActivityTaskTimedOut": Outcome(_ACTIVITY, StepEvents.FAILED),
    "ActivityTaskCanceled": Outcome(_ACTIVITY, StepEvents.CANCELLED),
    "TimerFired": Outcome(_TIMER, StepEvents.COMPLETED),
    "TimerCanceled": Outcome(_TIMER, StepEvents.CANCELLED),
    "StartChildWorkflowExecutionFailed": Outcome(_CHILD, StepEvents.FAILED),
    "ChildWorkflowExecutionCompleted": Outcome(_CHILD, StepEvents.COMPLETED),
    "ChildWorkflowExecutionFailed": Outcome(_CHILD, StepEvents.FAILED),
    "ChildWorkflowExecutionTimedOut": Outcome(_CHILD, StepEvents.FAILED),
    "ChildWorkflowExecutionCanceled": Outcome(_CHILD, StepEvents.CANCELLED),
    "ChildWorkflowExecutionTerminated": Outcome(_CHILD, StepEvents.CANCELLED),
}


def new_activity(details: TemporalNode) -> Step:
    """Return the step that an ActivityTaskScheduled announces."""
    policy = details.find("retryPolicy")
    limit = policy.find("maximumAttempts") if policy else None
    return Step(
        f"activity:{details.get('activityId').identifier()}",
        details.get("activityType").get("name").text(),
        retry_limit=(limit.integer() or None) if limit else None,  # Temporal's 0 means no limit
        attributes={"kind": "activity", "task_queue": task_queue(details)},
    )


def new_timer(details: TemporalNode) -> Step:
    """Return the step that a TimerStarted announces."""
    timeout = details.find("startToFireTimeout")
    return Step(
        f"timer:{details.get('timerId').identifier()}",
        "timer",
        attributes={"kind": "timer", "timeout": str(timeout.value) if timeout else None},
    )


def new_child(details: TemporalNode) -> Step:
    """Return the step that a StartChildWorkflowExecutionInitiated announces."""
    return Step(
        f"child:{details.get('workflowId').identifier()}",
        details.get("workflowType").get("name").text(),
        attributes={"kind": "child_workflow", "task_queue": task_queue(details)},
    )


def task_queue(details: TemporalNode) -> str | None:
    """Return the queue in which a run or a step waits for a worker."""
    queue = details.find("taskQueue")
    name = queue.find("name") if queue else None
    return name.text() if name else None


def one_or_all(values: list[Any]) -> Any:
    """Return the values of payloads: null for none, the only value, or their list."""
    return (values or [None])[0] if len(values) <= 1 else values


def ending(event_type: str, outcome: StepEvents, details: TemporalNode) -> dict[str, Any]:
    """Return the fields of the event that ends an attempt, without its times."""
    if outcome is StepEvents.COMPLETED:
        return {"step_results": one_or_all(payload_values(details.find("result")))}
    if outcome is StepEvents.CANCELLED:
        return {"cancellation_reason": event_type}
    return error_fields(event_type, details)


def error_fields(event_type: str, details: TemporalNode) -> dict[str, Any]:
    """Return the error that a failed event tells; without a failure of its own, its type and cause stand in."""
    failure = read_failure(details.find("failure"))
    if failure is not None:
        return {
            "error_class": failure.error_class,
            "error_message": failure.error_message,
            "backtrace": failure.backtrace,
        }
    cause = details.find("cause", "retryState")
    return {"error_class": event_type, "error_message": enum_name(cause, "") if cause else event_type}


def retries_exhausted(details: TemporalNode) -> bool:
    """Return whether a failure was the last that the retry policy allows."""
    state = details.find("retryState")
    return state is not None and enum_name(state, "RETRY_STATE_", {5: _EXHAUSTED}) == _EXHAUSTED
