"""Executions of steps as values, and the events that tell them: shared by the formats that list what ran and when.

A step that has steps of its own is also a task, which lies within the span of the step's attempt.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasker_consumers.importers.event import EventMaker, ImportedEvent, ParentRef
from tasker_schemas.catalogue import order_of
from tasker_schemas.names import State, StepEvents, TaskEvents

STEP_ENDS: Mapping[State, StepEvents] = {
    State.COMPLETE: StepEvents.COMPLETED,
    State.ERROR: StepEvents.FAILED,
    State.CANCELLED: StepEvents.CANCELLED,
}
TASK_ENDS: Mapping[State, TaskEvents] = {
    State.COMPLETE: TaskEvents.COMPLETED,
    State.ERROR: TaskEvents.FAILED,
    State.CANCELLED: TaskEvents.CANCELLED,
}


_NAMED = 10  # steps in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The times of an execution in microseconds, None where they are not known, and the state in which it ended.

    Without an `outcome` it has not ended.
    """

    queued_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    outcome: State | None = None

    @property
    def state(self) -> State:
        """The state that the times and the outcome tell."""
        if self.outcome is not None:
            return self.outcome
        return State.PENDING if self.started_at is None else State.IN_PROGRESS

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to end; None where a time is not known or the end lies before the start."""
        if self.started_at is None or self.ended_at is None or self.ended_at < self.started_at:
            return None
        return (self.ended_at - self.started_at) / 1_000_000

    @property
    def told_at(self) -> int | None:
        """The time of the end, or in its place the latest time that is known."""
        return next((time for time in (self.ended_at, self.started_at, self.queued_at) if time is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an execution failed or was cancelled."""

    error_class: str = ""
    message: str = ""
    backtrace: tuple[str, ...] = ()

    def fields(self, outcome: State) -> dict[str, Any]:
        """Return the fields of the event that ends with this outcome."""
        if outcome is State.ERROR:
            error = {"error_class": self.error_class or "Failure", "error_message": self.message or self.error_class}
            return {**error, "backtrace": list(self.backtrace) or None}
        if outcome is State.CANCELLED:
            return {"cancellation_reason": self.message or self.error_class or None}
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """An attempt of a step. `inner` is the task that the step is in itself."""

    step_id: str
    name: str
    timing: Timing
    attempt: int = 1
    reason: Reason = Reason()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    retry_limit: int | None = None
    inner: "TaskRun | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """A task with the attempts of its steps; `correlation_id` is the id of a run that several tasks belong to."""

    task_id: str
    name: str
    timing: Timing
    executions: Sequence[Execution]
    reason: Reason = Reason()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    correlation_id: str | None = None


def events_of(task: TaskRun, within: ParentRef | None = None) -> list[ImportedEvent]:
    """Return the events of a task and of all tasks in it, in the order of their times."""
    events: list[ImportedEvent] = []
    pending: list[tuple[TaskRun, ParentRef | None]] = [(task, within)]
    while pending:
        run, parent = pending.pop()
        make = EventMaker(run.task_id, run.name, run.correlation_id, parent)
        events += _task_events(make, run)
        for execution in run.executions:
            events += _step_events(make, execution)
            if execution.inner is not None:
                pending.append((execution.inner, make.inside(execution.step_id, execution.attempt)))
    return sorted(events, key=lambda event: (event.timestamp, order_of(event.name)))


def span_of_executions(executions: Sequence[Execution]) -> Timing:
    """Return the timing of a task that its source does not tell: from the first start to the last end.

    A task whose steps have all ended has ended, too; it failed if the last attempt of any step failed, and was
    cancelled if all steps were.
    """
    timings = [execution.timing for execution in executions]
    starts = [timing.started_at for timing in timings if timing.started_at is not None]
    queued = [timing.queued_at for timing in timings if timing.queued_at is not None]
    told = [timing.told_at for timing in timings if timing.told_at is not None]
    states = set(final_states(executions).values())
    outcome = None
    if states and states <= set(STEP_ENDS):
        outcome = State.ERROR if State.ERROR in states else State.COMPLETE
        outcome = State.CANCELLED if states == {State.CANCELLED} else outcome
    return Timing(
        queued_at=min(queued + starts, default=min(told, default=None)),
        started_at=min(starts, default=None),
        ended_at=max(told, default=None) if outcome else None,
        outcome=outcome,
    )


def failure_of(executions: Sequence[Execution], error_class: str = "") -> Reason:
    """Return the reason of a task's failure that its source does not tell: the steps that failed."""
    failed = [step_id for step_id, state in final_states(executions).items() if state is State.ERROR]
    names = ", ".join(failed[:_NAMED]) + (f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else "")
    return Reason(error_class=error_class, message=f"failed steps: {names}" if failed else "")


def final_states(executions: Sequence[Execution]) -> dict[str, State]:
    """Return the state of each step after its last attempt."""
    latest: dict[str, Execution] = {}
    for execution in executions:
        if (last := latest.get(execution.step_id)) is None or last.attempt <= execution.attempt:
            latest[execution.step_id] = execution
    return {step_id: execution.timing.state for step_id, execution in latest.items()}


def _task_events(make: EventMaker, run: TaskRun) -> Iterator[ImportedEvent]:
    timing = run.timing
    created_at = timing.queued_at if timing.queued_at is not None else timing.started_at
    if created_at is not None:
        yield make.make(TaskEvents.INITIALIZE_REQUESTED, created_at, "task", {}, run.attributes)
    if timing.started_at is not None:
        started = {"started_at": timing.started_at}
        yield make.make(TaskEvents.START_REQUESTED, timing.started_at, "task", started, run.attributes)
    if timing.outcome is not None and timing.told_at is not None:
        states = final_states(run.executions)
        counts = Counter(states.values())
        fields: dict[str, Any] = {
            **_times(timing),
            "total_steps": len(states),
            "completed_steps": counts[State.COMPLETE],
            "failed_steps": counts[State.ERROR],
            "pending_steps": counts[State.PENDING] + counts[State.IN_PROGRESS],
            **run.reason.fields(timing.outcome),
        }
        if timing.outcome is State.ERROR:
            fields["error_steps"] = [step_id for step_id, state in states.items() if state is State.ERROR]
        yield make.make(TASK_ENDS[timing.outcome], timing.told_at, "task", fields, run.attributes)


def _step_events(make: EventMaker, execution: Execution) -> Iterator[ImportedEvent]:
    timing, origin = execution.timing, f"{execution.step_id}/{execution.attempt}"
    step = {
        "step_id": execution.step_id,
        "step_name": execution.name,
        "attempt_number": execution.attempt,
        "retry_limit": execution.retry_limit,
        "depends_on": list(execution.depends_on) or None,
    }
    begun_at = timing.queued_at if timing.queued_at is not None else timing.started_at
    if execution.attempt > 1 and (retried_at := begun_at if begun_at is not None else timing.told_at) is not None:
        retry = {**step, "previous_attempts": execution.attempt - 1}
        yield make.make(StepEvents.RETRY_REQUESTED, retried_at, origin, retry, execution.attributes)
    if timing.queued_at is not None:
        yield make.make(StepEvents.EXECUTION_REQUESTED, timing.queued_at, origin, step, execution.attributes)
    if timing.started_at is not None:
        fields = {**step, "started_at": timing.started_at}
        yield make.make(StepEvents.HANDLE, timing.started_at, origin, fields, execution.attributes)
    if timing.outcome is not None and timing.told_at is not None:
        fields = {**step, **_times(timing), **execution.reason.fields(timing.outcome)}
        yield make.make(STEP_ENDS[timing.outcome], timing.told_at, origin, fields, execution.attributes)


def _times(timing: Timing) -> dict[str, Any]:
    return {
        "started_at": timing.started_at,
        "completed_at": timing.ended_at,
        "execution_duration": timing.duration_s,
    }
