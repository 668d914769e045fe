"""How the steps of one Temporal run begin, go on and end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tasker_consumers.importers.document import Node
from tasker_consumers.importers.temporal.payload import camel, payload_values, read_failure
from tasker_schemas.names import State, StepEvents


@dataclass(slots=True)
class Step:
    """What is known of a step so far."""

    step_id: str
    name: str
    retry_limit: int | None = None
    attempt: int = 1
    started_at: int | None = None
    state: State = State.PENDING
    attributes: dict[str, Any] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """Return what every event of the step's present attempt says."""
        return {
            "step_id": self.step_id,
            "step_name": self.name,
            "attempt_number": self.attempt,
            "retry_limit": self.retry_limit,
            "started_at": self.started_at,
        }


class Outcome(NamedTuple):
    """What an event of the history means for the step that it refers to."""

    reference: str  # the member that holds the id of the step's first event
    event: StepEvents


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


def new_activity(said: Node) -> Step:
    """Return the step that an ActivityTaskScheduled announces."""
    policy = said.find("retryPolicy")
    limit = policy.find("maximumAttempts") if policy else None
    return Step(
        f"activity:{said.get('activityId').identifier()}",
        said.get("activityType").get("name").text(),
        retry_limit=(limit.integer() or None) if limit else None,  # Temporal's 0 means no limit
        attributes={"kind": "activity", "task_queue": task_queue(said)},
    )


def new_timer(said: Node) -> Step:
    """Return the step that a TimerStarted announces."""
    timeout = said.find("startToFireTimeout")
    return Step(
        f"timer:{said.get('timerId').identifier()}",
        "timer",
        attributes={"kind": "timer", "timeout": timeout.text() if timeout else None},
    )


def new_child(said: Node) -> Step:
    """Return the step that a StartChildWorkflowExecutionInitiated announces."""
    return Step(
        f"child:{said.get('workflowId').identifier()}",
        said.get("workflowType").get("name").text(),
        attributes={"kind": "child_workflow", "task_queue": task_queue(said)},
    )


def task_queue(said: Node) -> str | None:
    """Return the queue in which a run or a step waits for a worker."""
    queue = said.find("taskQueue")
    name = queue.find("name") if queue else None
    return name.text() if name and name.value else None


def one_or_all(values: list[Any]) -> Any:
    """Return what payloads hold: nothing, the only value, or the list of them."""
    return (values or [None])[0] if len(values) <= 1 else values


def ending(event_type: str, outcome: StepEvents, said: Node) -> dict[str, Any]:
    """Return what the event that ends an attempt says beside its times."""
    if outcome is StepEvents.COMPLETED:
        return {"step_results": one_or_all(payload_values(said.find("result")))}
    if outcome is StepEvents.CANCELLED:
        return {"cancellation_reason": event_type}
    return error_fields(event_type, said)


def error_fields(event_type: str, said: Node) -> dict[str, Any]:
    """Return the error that a failed event tells; without a failure of its own, its type and cause stand in."""
    failure = read_failure(said.find("failure"))
    if failure is not None:
        return {
            "error_class": failure.error_class,
            "error_message": failure.error_message,
            "backtrace": failure.backtrace,
        }
    cause = said.find("cause", "retryState")
    return {"error_class": event_type, "error_message": cause.text() if cause and cause.value else event_type}


def retries_exhausted(said: Node) -> bool:
    """Return whether a failure was the last one that the retry policy allows."""
    state = said.find("retryState")
    return state is not None and camel(state.text(), "RETRY_STATE_") == "MaximumAttemptsReached"
