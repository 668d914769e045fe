"""Runs of GitHub Actions, their jobs and their jobs' steps, as plain values."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple

from tasker_consumers.importers.document import Node
from tasker_consumers.importers.github.answers import Answer
from tasker_consumers.importers.times import read_time
from tasker_schemas.names import State

STATE_OF_CONCLUSION = {
    "success": State.COMPLETE,
    "neutral": State.COMPLETE,
    "failure": State.ERROR,
    "timed_out": State.ERROR,
    "startup_failure": State.ERROR,
    "cancelled": State.CANCELLED,
    "skipped": State.CANCELLED,
    "stale": State.CANCELLED,
    "action_required": State.CANCELLED,
}
_WAITING = ("queued", "waiting", "pending", "requested")
_LARGEST_ID = 2**63
_ANNOTATIONS = re.compile(r"/check-runs/(\d+)/annotations(?:$|\?)")


class End(NamedTuple):
    """How and when something ended; `conclusion` is GitHub's word for `state`."""

    conclusion: str
    state: State
    at: int


@dataclass(frozen=True, slots=True)
class Part:
    """A job, or a step of one; `started_at` is None for what never ran, `end` for what has not ended."""

    step_id: str
    name: str
    started_at: int | None
    end: End | None

    @property
    def state(self) -> State:
        """How far it came."""
        if self.end is not None:
            return self.end.state
        return State.PENDING if self.started_at is None else State.IN_PROGRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Part):
    """One attempt of a job; `failures` are the messages that it left behind."""

    job_id: int
    run_id: int
    attempt: int
    created_at: int
    steps: tuple[Part, ...]
    failures: tuple[str, ...]
    about: dict[str, Any]
    runner: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt of a run, with all attempts of its jobs that the file tells of."""

    run_id: int
    name: str
    attempt: int
    head_sha: str | None
    created_at: int
    started_at: int
    end: End | None
    jobs: tuple[Job, ...]
    about: dict[str, Any]


def read_runs(answers: Iterable[Answer]) -> list[Run]:
    """Return the runs that answers tell of, by id and attempt; raise BrokenFile.

    Lists of jobs and annotations belong to their run by the ids in them; answers about anything else are passed over.
    """
    failures: dict[int, tuple[str, ...]] = {}
    runs: dict[tuple[int, int], Run] = {}
    listed: dict[int, Node] = {}
    for url, body in ((answer.url, answer.body) for answer in answers):
        if (about := _ANNOTATIONS.search(url)) is not None:
            failures[int(about[1])] = _failures(body)
        elif isinstance(body.value, dict) and "jobs" in body.value:
            listed |= {_id(node.get("id")): node for node in body.get("jobs").items()}
        elif isinstance(body.value, dict) and "workflow_id" in body.value:
            run = _run(body)
            runs[run.run_id, run.attempt] = run
        elif not url:
            body.refuse("a workflow run or a list of jobs")
    jobs = [_job(node, failures.get(job_id, ()), {run_id for run_id, _ in runs}) for job_id, node in listed.items()]
    numbered = _numbered(jobs)
    return [
        replace(run, jobs=tuple(job for job in numbered if job.run_id == key[0])) for key, run in sorted(runs.items())
    ]


def _run(node: Node) -> Run:
    attempt = node.find("run_attempt")
    created = read_time(node.get("created_at"))
    started = node.find("run_started_at")
    repository = node.find("repository")
    return Run(
        run_id=_id(node.get("id")),
        name=(node.find("name", "path") or node.get("name")).identifier(),
        attempt=_count(attempt) if attempt else 1,
        head_sha=sha.identifier() if (sha := node.find("head_sha")) else None,
        created_at=created,
        started_at=read_time(started) if started else created,
        end=_end(node, node.get("updated_at")),
        jobs=(),
        about={
            "repository": _text(repository, "full_name") if repository else None,
            "workflow": _text(node, "path"),
            "event": _text(node, "event"),
            "head_branch": _text(node, "head_branch"),
            "head_sha": _text(node, "head_sha"),
            "run_number": _count(number) if (number := node.find("run_number")) else None,
            "url": _text(node, "html_url"),
        },
    )


def _job(node: Node, failures: tuple[str, ...], run_ids: set[int]) -> Job:
    if _id(node.get("run_id")) not in run_ids:
        node.get("run_id").refuse("the id of a run in this file")
    attempt, labels = node.find("run_attempt"), node.find("labels")
    ran = _part(node, f"job:{node.get('name').identifier()}", node.find("completed_at"))
    return Job(
        ran.step_id,
        ran.name,
        ran.started_at,
        ran.end,
        job_id=_id(node.get("id")),
        run_id=_id(node.get("run_id")),
        attempt=_count(attempt) if attempt else 1,
        created_at=read_time(node.find("created_at", "started_at") or node.get("created_at")),
        steps=_steps(node),
        failures=failures,
        about={"job_id": _id(node.get("id")), "url": _text(node, "html_url")},
        runner={
            "runner": _text(node, "runner_name"),
            "runner_group": _text(node, "runner_group_name"),
            "labels": ", ".join(label.text() for label in labels.items()) or None if labels else None,
        },
    )


def _steps(job: Node) -> tuple[Part, ...]:
    listed = job.find("steps")
    steps: dict[int, Part] = {}
    for node in listed.items() if listed else ():
        number = _count(node.get("number"))
        if number in steps:
            node.get("number").refuse("a number that no other step of the job has")
        # What was passed over may have no times of its own.
        ended_at = node.find("completed_at", "started_at") or job.find("completed_at")
        steps[number] = _part(node, f"step:{number}:{node.get('name').identifier()}", ended_at)
    return tuple(step for _, step in sorted(steps.items()))


def _part(node: Node, step_id: str, ended_at: Node | None) -> Part:
    end = _end(node, ended_at)
    status, started = node.find("status"), node.find("started_at")
    waits = status is not None and status.text() in _WAITING  # GitHub gives what waits a start, too
    never = waits or (end is not None and end.conclusion == "skipped")
    return Part(step_id, node.get("name").identifier(), None if never or not started else read_time(started), end)


def _end(node: Node, ended_at: Node | None) -> End | None:
    conclusion = node.find("conclusion")
    if conclusion is None:
        return None
    state = STATE_OF_CONCLUSION.get(conclusion.text())
    if state is None:
        conclusion.refuse(f"one of GitHub's conclusions ({', '.join(STATE_OF_CONCLUSION)})")
    return End(conclusion.text(), state, read_time(ended_at or node.get("completed_at")))


def _failures(annotations: Node) -> tuple[str, ...]:
    found = [(_text(node, "annotation_level"), _text(node, "message")) for node in annotations.items()]
    return tuple(message for level, message in found if level == "failure" and message)


def _numbered(jobs: Iterable[Job]) -> list[Job]:
    """Return jobs in order; of several with one name in one attempt, the later ones get a number."""
    order = sorted(jobs, key=lambda job: (job.run_id, job.attempt, job.job_id))
    numbered = []
    for _, same in groupby(order, key=lambda job: (job.run_id, job.attempt)):
        seen = Counter[str]()
        for job in same:
            seen[job.step_id] += 1
            count = seen[job.step_id]
            numbered.append(job if count == 1 else replace(job, step_id=f"{job.step_id}#{count}"))
    return numbered


def _id(node: Node) -> int:
    number = node.value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < _LARGEST_ID:
        node.refuse("an id, a whole number")
    return number


def _count(node: Node) -> int:
    if node.integer() < 1:
        node.refuse("a number from 1")
    return node.integer()


def _text(node: Node, key: str) -> str | None:
    found = node.find(key)
    return found.text() if found and found.value != "" else None
