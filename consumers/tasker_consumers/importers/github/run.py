"""Runs of GitHub Actions, as plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tasker_consumers.importers.github.answers import Answer, GitHubNode
from tasker_consumers.importers.github.attempts import executions
from tasker_consumers.importers.github.collection import collect, identifier, positive
from tasker_consumers.importers.github.job import End, Job, read_end, read_job, text_of
from tasker_consumers.importers.options import Note
from tasker_consumers.importers.times import read_time

#: A run ends at its `updated_at`, soon after its last job; anything that touches the run later moves that time.
_CLOSING_MICROS = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An attempt of a run, with all attempts of its jobs that the file tells of; times are in microseconds."""

    run_id: int
    name: str
    attempt: int
    head_sha: str | None
    created_at: int
    started_at: int
    end: End | None
    jobs: tuple[Job, ...]
    attributes: Mapping[str, Any]

    @property
    def last_job_end(self) -> int | None:
        """The latest end of its jobs; None where a job has no end, or an end that contradicts its start."""
        ends = [job.end.at if job.end and job.end.at >= job.begun_at else None for job in self.jobs_so_far]
        last = max((end for end in ends if end is not None), default=0)
        return last if last >= self.started_at and None not in ends else None

    @property
    def jobs_so_far(self) -> list[Job]:
        """Its jobs without those of later attempts of the run."""
        return [job for job in self.jobs if job.attempt <= self.attempt]


def read_runs(answers: Iterable[Answer], note: Note) -> list[Run]:
    """Return the runs that answers tell of, by id and attempt; raise BrokenFile.

    `note` hears of a list of runs that goes on. Jobs and annotations belong to their run by the ids in them; answers
    about anything else are passed over.
    """
    collection = collect(answers, note)
    runs = {(run.run_id, run.attempt): run for run in map(_run, collection.runs)}
    jobs = [read_job(entry, collection.failures.get(job_id, ())) for job_id, entry in collection.jobs.items()]
    by_run: dict[int, tuple[Job, ...]] = {}
    for run_id in {run_id for run_id, _ in runs}:
        starts = {run.attempt: run.started_at for run in runs.values() if run.run_id == run_id}
        by_run[run_id] = executions([job for job in jobs if job.run_id == run_id], starts)
    return [_closed(replace(run, jobs=by_run[run.run_id])) for _, run in sorted(runs.items())]


def _run(node: GitHubNode) -> Run:
    attempt, number = node.find("run_attempt"), node.find("run_number")
    created = read_time(node.get("created_at"))
    started = node.find("run_started_at")
    repository = node.find("repository")
    return Run(
        run_id=identifier(node.get("id")),
        name=(node.find("name", "path") or node.get("name")).identifier(),
        attempt=positive(attempt) if attempt else 1,
        head_sha=sha.identifier() if (sha := node.find("head_sha")) else None,
        created_at=created,
        started_at=read_time(started) if started else created,
        end=read_end(node, node.get("updated_at")),
        jobs=(),
        attributes={
            "repository": text_of(repository, "full_name") if repository else None,
            "workflow": text_of(node, "path"),
            "event": text_of(node, "event"),
            "head_branch": text_of(node, "head_branch"),
            "head_sha": text_of(node, "head_sha"),
            "run_number": positive(number) if number else None,
            "url": text_of(node, "html_url"),
        },
    )


def _closed(run: Run) -> Run:
    """Return a run with the end of its last job, unless `updated_at` tells an end soon after it."""
    last = run.last_job_end
    if run.end is None or last is None or last <= run.end.at <= last + _CLOSING_MICROS:
        return run
    return replace(run, end=run.end._replace(at=last))
