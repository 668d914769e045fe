"""A job of GitHub Actions and its steps, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tasker_consumers.importers.github.answers import GitHubNode
from tasker_consumers.importers.github.collection import JobEntry, identifier, positive
from tasker_consumers.importers.times import read_time
from tasker_schemas.names import State

STATE_OF_CONCLUSION: Mapping[str, State] = {
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
_NOT_STARTED = ("queued", "waiting", "pending", "requested")


class End(NamedTuple):
    """The end of a run, a job or a step; `conclusion` is GitHub's word for `state`, `at` is in microseconds."""

    conclusion: str
    state: State
    at: int


@dataclass(frozen=True, slots=True)
class Part:
    """A job, or a step of a job; without `started_at` it never ran, without `end` it has not ended."""

    step_id: str
    name: str
    started_at: int | None
    end: End | None

    @property
    def state(self) -> State:
        """The state that its times and its conclusion tell."""
        if self.end is not None:
            return self.end.state
        return State.PENDING if self.started_at is None else State.IN_PROGRESS

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to end; None where a time is missing or the end lies before the start."""
        if self.end is None or self.started_at is None or self.end.at < self.started_at:
            return None
        return (self.end.at - self.started_at) / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Part):
    """An attempt of a job; `failures` are the messages that it left behind.

    `begun_at` is the start that the list gives, also for a job that never ran. `is_copy` marks an entry that a later
    attempt of the run took over from an earlier attempt: GitHub lists it again, under another id.
    """

    job_id: int
    run_id: int
    attempt: int
    created_at: int
    begun_at: int
    steps: tuple[Part, ...]
    failures: tuple[str, ...]
    attributes: Mapping[str, Any]
    runner: Mapping[str, Any]
    is_copy: bool = False


def read_job(entry: JobEntry, failures: tuple[str, ...]) -> Job:
    """Read a job; raise BrokenFile."""
    node, labels = entry.node, entry.node.find("labels")
    part = _part(node, f"job:{node.get('name').identifier()}", node.find("completed_at"))
    created_at = read_time(node.find("created_at", "started_at") or node.get("created_at"))
    begun = node.find("started_at")
    return Job(
        part.step_id,
        part.name,
        part.started_at,
        part.end,
        job_id=identifier(node.get("id")),
        run_id=entry.run_id,
        attempt=entry.attempt,
        created_at=created_at,
        begun_at=read_time(begun) if begun else created_at,
        steps=_steps(node),
        failures=failures,
        attributes={"job_id": identifier(node.get("id")), "url": text_of(node, "html_url")},
        runner={
            "runner": text_of(node, "runner_name"),
            "runner_group": text_of(node, "runner_group_name"),
            "labels": ", ".join(label.text() for label in labels.items()) or None if labels else None,
        },
    )


def read_end(node: GitHubNode, ended_at: GitHubNode | None) -> End | None:
    """Return the end of whatever has a conclusion, None where there is none; raise BrokenFile."""
    conclusion = node.find("conclusion")
    if conclusion is None:
        return None
    state = STATE_OF_CONCLUSION.get(conclusion.text())
    if state is None:
        conclusion.refuse(f"one of GitHub's conclusions ({', '.join(STATE_OF_CONCLUSION)})")
    return End(conclusion.text(), state, read_time(ended_at or node.get("completed_at")))


def text_of(node: GitHubNode, key: str) -> str | None:
    """Return a member's text, None where there is none; raise BrokenFile."""
    member = node.find(key)
    return member.text() if member else None


def _steps(job: GitHubNode) -> tuple[Part, ...]:
    listed = job.find("steps")
    steps: dict[int, Part] = {}
    for node in listed.items() if listed else ():
        number = positive(node.get("number"))
        if number in steps:
            node.get("number").refuse("a number that no other step of the job has")
        # A step that was passed over may have no times of its own.
        ended_at = node.find("completed_at", "started_at") or job.find("completed_at")
        steps[number] = _part(node, f"step:{number}:{node.get('name').identifier()}", ended_at)
    return tuple(step for _, step in sorted(steps.items()))


def _part(node: GitHubNode, step_id: str, ended_at: GitHubNode | None) -> Part:
    end = read_end(node, ended_at)
    status, started = node.find("status"), node.find("started_at")
    is_waiting = status is not None and status.text() in _NOT_STARTED  # GitHub gives a waiting job a start, too
    never = is_waiting or (end is not None and end.conclusion == "skipped")
    return Part(step_id, node.get("name").identifier(), None if never or not started else read_time(started), end)
