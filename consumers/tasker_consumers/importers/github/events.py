"""The events of a run of GitHub Actions and of its jobs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tasker_consumers.importers.event import EventMaker, ImportedEvent
from tasker_consumers.importers.github.run import End, Job, Part, Run
from tasker_schemas.headers import SpanRef
from tasker_schemas.identity import step_span_id, trace_id_of
from tasker_schemas.names import State, StepEvents, TaskEvents

_TASK_ENDS = {
    State.COMPLETE: TaskEvents.COMPLETED,
    State.ERROR: TaskEvents.FAILED,
    State.CANCELLED: TaskEvents.CANCELLED,
}
_STEP_ENDS = {
    State.COMPLETE: StepEvents.COMPLETED,
    State.ERROR: StepEvents.FAILED,
    State.CANCELLED: StepEvents.CANCELLED,
}
_IMPORTED = {"imported_from": "GitHub Actions"}


def events_of_run(run: Run) -> Iterator[ImportedEvent]:
    """Return the events of one attempt of a run, and of all attempts of its jobs; not in the order of their times."""
    make = EventMaker(f"github-actions:{run.run_id}", run.name, run.head_sha)
    about = _IMPORTED | run.about
    yield make.make(TaskEvents.INITIALIZE_REQUESTED, run.created_at, "run", {}, about)
    # The first attempt starts when the run is created, so its start is known even where only a later one is.
    began = run.started_at if run.attempt == 1 else run.created_at
    yield make.make(TaskEvents.START_REQUESTED, began, "attempt 1", {"started_at": began}, about)
    if run.attempt > 1:
        origin, at = f"attempt {run.attempt}", run.started_at
        yield make.make(TaskEvents.RETRY_REQUESTED, at, origin, {"retry_reason": f"run attempt {run.attempt}"})
        yield make.make(TaskEvents.START_REQUESTED, at, origin, {"started_at": at}, about)
    for job in run.jobs:
        yield from _events_of_job(make, job)
    if run.end is not None:
        latest = {job.step_id: job for job in run.jobs if job.attempt <= run.attempt}  # jobs come by attempt
        jobs = list(latest.values())
        yield _closing(make, began, run.end, jobs, _blame("jobs", jobs))


def _events_of_job(make: EventMaker, job: Job) -> Iterator[ImportedEvent]:
    origin = str(job.job_id)
    step = {"step_id": job.step_id, "step_name": job.name, "attempt_number": job.attempt}
    if job.attempt > 1:
        told = {"previous_attempts": job.attempt - 1, "retry_reason": f"run attempt {job.attempt}"}
        yield make.make(StepEvents.RETRY_REQUESTED, job.created_at, origin, step | told, job.about)
    yield make.make(StepEvents.EXECUTION_REQUESTED, job.created_at, origin, step, job.about)
    about = job.about | job.runner
    message = "\n".join(job.failures) or _blame("steps", job.steps)
    if job.started_at is not None:
        yield make.make(StepEvents.HANDLE, job.started_at, origin, step | {"started_at": job.started_at}, about)
        if job.steps:
            span = SpanRef(trace_id_of(make.task_id), step_span_id(make.task_id, job.step_id, job.attempt))
            inner = EventMaker(f"{make.task_id}:{job.job_id}", job.name, make.correlation_id, span)
            yield from _events_inside(inner, job, job.started_at)
    if job.end is not None:
        told = step | _ending(job, job.end, message)
        yield make.make(_STEP_ENDS[job.end.state], job.end.at, origin, told, about | {"conclusion": job.end.conclusion})


def _events_inside(make: EventMaker, job: Job, started_at: int) -> Iterator[ImportedEvent]:
    """Return the events of the task that a job with steps is in itself."""
    about = _IMPORTED | job.about
    yield make.make(TaskEvents.INITIALIZE_REQUESTED, job.created_at, "job", {}, about)
    yield make.make(TaskEvents.START_REQUESTED, started_at, "job", {"started_at": started_at}, about)
    before: list[str] = []
    for part in job.steps:
        step = {"step_id": part.step_id, "step_name": part.name, "attempt_number": 1, "depends_on": before}
        before = [part.step_id]
        if part.started_at is not None:
            told = step | {"started_at": part.started_at}
            yield make.make(StepEvents.HANDLE, part.started_at, part.step_id, told)
        if part.end is not None:
            told = step | _ending(part, part.end, None)
            conclusion = {"conclusion": part.end.conclusion}
            yield make.make(_STEP_ENDS[part.end.state], part.end.at, part.step_id, told, conclusion)
    if job.end is not None:
        yield _closing(make, started_at, job.end, job.steps, _blame("steps", job.steps))


def _ending(part: Part, end: End, message: str | None) -> dict[str, Any]:
    """Return what the event that ends a step says beside its identity."""
    told: dict[str, Any] = {"completed_at": end.at} | _reason(end, message)
    if part.started_at is not None:
        told |= {"started_at": part.started_at, "execution_duration": max(0, end.at - part.started_at) / 1_000_000}
    return told


def _closing(make: EventMaker, started_at: int, end: End, parts: Sequence[Part], message: str | None) -> ImportedEvent:
    states = Counter(part.state for part in parts)
    told: dict[str, Any] = {
        "started_at": started_at,
        "completed_at": end.at,
        "execution_duration": max(0, end.at - started_at) / 1_000_000,
        "total_steps": len(parts),
        "completed_steps": states[State.COMPLETE],
        "failed_steps": states[State.ERROR],
        "pending_steps": states[State.PENDING] + states[State.IN_PROGRESS],
    }
    if end.state is State.ERROR:
        told["error_steps"] = [part.step_id for part in parts if part.state is State.ERROR]
    conclusion = {"conclusion": end.conclusion}
    return make.make(_TASK_ENDS[end.state], end.at, "end", told | _reason(end, message), conclusion)


def _reason(end: End, message: str | None) -> dict[str, Any]:
    if end.state is State.ERROR:
        return {"error_class": end.conclusion, "error_message": message or f"GitHub's conclusion: {end.conclusion}"}
    return {"cancellation_reason": end.conclusion} if end.state is State.CANCELLED else {}


def _blame(what: str, parts: Sequence[Part]) -> str | None:
    """Return which parts failed, None when none did."""
    failed = [part.name for part in parts if part.state is State.ERROR]
    return f"failed {what}: {', '.join(failed)}" if failed else None
