"""Tells the executions of jobs from entries that a later attempt of the run took over.

When a part of a run runs again, GitHub lists the other jobs again: under new ids, with the number of the new attempt
and the times of the old one. Such a copy is told as the attempt that it copies, where the file has no original.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby

from tasker_consumers.importers.github.job import Job


def executions(jobs: Iterable[Job], starts: Mapping[int, int]) -> tuple[Job, ...]:
    """Return the jobs of a run that ran, each once, by attempt and id.

    `starts` has the start of each known attempt of the run, in microseconds. Of several jobs with the same name in an
    attempt, all but the first get a number.
    """
    listed = sorted(jobs, key=lambda job: (job.attempt, job.job_id))
    starts = _all_starts(listed, starts)
    marked = [replace(job, is_copy=_is_copy(job, starts)) for job in listed]
    originals = {(job.name, job.begun_at) for job in marked if not job.is_copy}
    copies: dict[tuple[str, int], Job] = {}
    for job in marked:
        if job.is_copy and (job.name, job.begun_at) not in originals:
            copies.setdefault((job.name, job.begun_at), _as_copied(job, starts))
    return _numbered([*(job for job in marked if not job.is_copy), *copies.values()])


def _all_starts(jobs: Iterable[Job], starts: Mapping[int, int]) -> Mapping[int, int]:
    """Return the starts of attempts; an attempt whose run is not in the file began when its first job was made."""
    made: dict[int, int] = {}
    for job in jobs:
        made[job.attempt] = min(job.created_at, made.get(job.attempt, job.created_at))
    return made | dict(starts)


def _is_copy(job: Job, starts: Mapping[int, int]) -> bool:
    """Whether a job began before its attempt did, or was made after it had ended."""
    if job.attempt > 1 and job.begun_at < starts[job.attempt]:
        return True
    return job.end is not None and job.begun_at <= job.end.at < job.created_at


def _as_copied(job: Job, starts: Mapping[int, int]) -> Job:
    """Return a copy as the latest attempt when it began; its id and its creation are not the original's."""
    attempts = [attempt for attempt, start in starts.items() if attempt < job.attempt and start <= job.begun_at]
    return replace(job, attempt=max(attempts, default=1), steps=(), attributes={}, created_at=job.begun_at)


def _numbered(jobs: Iterable[Job]) -> tuple[Job, ...]:
    numbered: list[Job] = []
    for _, attempt in groupby(sorted(jobs, key=lambda job: (job.attempt, job.job_id)), key=lambda job: job.attempt):
        counts = Counter[str]()
        for job in attempt:
            counts[job.step_id] += 1
            count = counts[job.step_id]
            numbered.append(job if count == 1 else replace(job, step_id=f"{job.step_id}#{count}"))
    return tuple(numbered)
