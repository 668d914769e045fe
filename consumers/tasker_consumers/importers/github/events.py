"""The events of a run of GitHub Actions and of its jobs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tasker_consumers.importers.event import EventMaker, ImportedEvent
from tasker_consumers.importers.executions import STEP_ENDS, TASK_ENDS
from tasker_consumers.importers.github.job import End, Job, Part
from tasker_consumers.importers.github.run import Run
from tasker_schemas.names import State, StepEvents, TaskEvents

_IMPORTED = {"imported_from": "GitHub Actions"}


def events_of_run(run: Run) -> Iterator[ImportedEvent]:
    """Return the events of an attempt of a run, and of all attempts of its jobs; not in the order of their times."""
    make = EventMaker(f"github-actions:{run.run_id}", run.name, run.head_sha)
    attributes = {**_IMPORTED, **run.attributes}
    yield make.make(TaskEvents.INITIALIZE_REQUESTED, run.created_at, "run", {}, attributes)
    # The first attempt starts when the run is created, so its start is known even where only a later attempt is.
    first_start = run.started_at if run.attempt == 1 else run.created_at
    yield make.make(TaskEvents.START_REQUESTED, first_start, "attempt 1", {"started_at": first_start}, attributes)
    if run.attempt > 1:
        origin, start = f"attempt {run.attempt}", run.started_at
        yield make.make(TaskEvents.RETRY_REQUESTED, start, origin, {"retry_reason": f"run attempt {run.attempt}"})
        yield make.make(TaskEvents.START_REQUESTED, start, origin, {"started_at": start}, attributes)
    for job in run.jobs:
        yield from _events_of_job(make, job)
    if run.end is not None:
        latest = {job.step_id: job for job in run.jobs_so_far}  # jobs come by attempt
        jobs = list(latest.values())
        yield _closing(make, first_start, run.end, jobs, _failed("jobs", jobs), identified_at=run.last_job_end)


def _events_of_job(make: EventMaker, job: Job) -> Iterator[ImportedEvent]:
    origin = f"{job.step_id}/{job.attempt}"
    step = {"step_id": job.step_id, "step_name": job.name, "attempt_number": job.attempt}
    if job.attempt > 1:
        retry = {"previous_attempts": job.attempt - 1, "retry_reason": f"run attempt {job.attempt}"}
        yield make.make(StepEvents.RETRY_REQUESTED, job.created_at, origin, step | retry, job.attributes)
    if not job.is_copy:  # a copy does not tell when its original was queued
        yield make.make(StepEvents.EXECUTION_REQUESTED, job.created_at, origin, step, job.attributes)
    attributes = {**job.attributes, **job.runner}
    message = "\n".join(job.failures) or _failed("steps", job.steps)
    if job.started_at is not None:
        yield make.make(StepEvents.HANDLE, job.started_at, origin, step | {"started_at": job.started_at}, attributes)
        if job.steps:
            within = make.inside(job.step_id, job.attempt)
            inner = EventMaker(f"{make.task_id}:{job.job_id}", job.name, make.correlation_id, within)
            yield from _events_inside(inner, job, job.started_at)
    if job.end is not None:
        fields = step | _ending(job, job.end, message)
        conclusion = {**attributes, "conclusion": job.end.conclusion}
        yield make.make(STEP_ENDS[job.end.state], job.end.at, origin, fields, conclusion)


def _events_inside(make: EventMaker, job: Job, started_at: int) -> Iterator[ImportedEvent]:
    """Return the events of the task that a job with steps is in itself."""
    attributes = {**_IMPORTED, **job.attributes}
    yield make.make(TaskEvents.INITIALIZE_REQUESTED, job.created_at, "job", {}, attributes)
    yield make.make(TaskEvents.START_REQUESTED, started_at, "job", {"started_at": started_at}, attributes)
    previous: list[str] = []
    for part in job.steps:
        step = {"step_id": part.step_id, "step_name": part.name, "attempt_number": 1, "depends_on": previous}
        previous = [part.step_id]
        if part.started_at is not None:
            fields = step | {"started_at": part.started_at}
            yield make.make(StepEvents.HANDLE, part.started_at, part.step_id, fields)
        if part.end is not None:
            fields = step | _ending(part, part.end, None)
            conclusion = {"conclusion": part.end.conclusion}
            yield make.make(STEP_ENDS[part.end.state], part.end.at, part.step_id, fields, conclusion)
    if job.end is not None:
        yield _closing(make, started_at, job.end, job.steps, _failed("steps", job.steps))


def _ending(part: Part, end: End, message: str | None) -> dict[str, Any]:
    """Return the fields of the event that ends a step, without its identity."""
    times = {"started_at": part.started_at, "completed_at": end.at, "execution_duration": part.duration_s}
    return times | _reason(end, message)


def _closing(
    make: EventMaker,
    started_at: int,
    end: End,
    parts: Sequence[Part],
    message: str | None,
    *,
    identified_at: int | None = None,
) -> ImportedEvent:
    states = Counter(part.state for part in parts)
    fields: dict[str, Any] = {
        "started_at": started_at,
        "completed_at": end.at,
        "execution_duration": (end.at - started_at) / 1_000_000 if end.at >= started_at else None,
        "total_steps": len(parts),
        "completed_steps": states[State.COMPLETE],
        "failed_steps": states[State.ERROR],
        "pending_steps": states[State.PENDING] + states[State.IN_PROGRESS],
    }
    if end.state is State.ERROR:
        fields["error_steps"] = [part.step_id for part in parts if part.state is State.ERROR]
    conclusion = {"conclusion": end.conclusion}
    fields |= _reason(end, message)
    return make.make(TASK_ENDS[end.state], end.at, "end", fields, conclusion, identified_at=identified_at)


def _reason(end: End, message: str | None) -> dict[str, Any]:
    if end.state is State.ERROR:
        return {"error_class": end.conclusion, "error_message": message or f"GitHub's conclusion: {end.conclusion}"}
    return {"cancellation_reason": end.conclusion} if end.state is State.CANCELLED else {}


def _failed(kind: str, parts: Sequence[Part]) -> str | None:
    """Return a sentence that names the failed parts, None when there is none."""
    names = [part.name for part in parts if part.state is State.ERROR]
    return f"failed {kind}: {', '.join(names)}" if names else None
