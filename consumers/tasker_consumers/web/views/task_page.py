"""The head and the figures of a task's page."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tasker_consumers.stats.reading.view import task_rows
from tasker_consumers.times import time_text
from tasker_consumers.trace_view.durations import duration_text, wait_text
from tasker_consumers.trace_view.timing import idle_time
from tasker_consumers.trace_view.tree import Node
from tasker_consumers.web.views.masking import shown_text
from tasker_producer.masking.masker import Masker

_SECOND = 1_000_000_000
_COUNTS = (
    ("failed_steps", "Failed"),
    ("pending_steps", "Pending"),
    ("cancelled_steps", "Cancelled"),
    ("retries", "Retries"),
)


class Fact(NamedTuple):
    """A figure of a task with its name."""

    name: str
    value: str


def task_title(task: Mapping[str, Any] | None, task_id: str, masker: Masker) -> str:
    """Return the name of a task, else its id."""
    return shown_text(task["task_name"] if task else None, masker) or task_id


def facts_of(task: Mapping[str, Any], roots: Sequence[Node], masker: Masker, now_us: int) -> list[Fact]:
    """Return the figures at the top of the page, the most wanted first; those that are unknown are left out.

    `now_us` is the present time in microseconds.
    """
    facts = [
        Fact("Waits for", shown_text(wait_text(task, now_us), masker)),
        Fact("Began", time_text(task["started_at"] or task["created_at"])),
        Fact("Duration", _seconds(task["duration_s"]) or _running(roots)),
        Fact("Steps", f"{task['completed_steps']} of {task['total_steps']} complete"),
        *(Fact(name, str(task[field])) for field, name in _COUNTS if task[field]),
        Fact("Queued", _seconds(task["queue_time_s"])),
    ]
    if path := task.get("critical_path"):
        facts.append(_timed("Critical path", " → ".join(path), task["critical_path_s"], masker))
    if task.get("longest_step"):
        facts.append(_timed("Longest step", task["longest_step"], task["longest_step_s"], masker))
    facts.append(Fact("No step ran for", _idle(roots)))
    return [fact for fact in facts if fact.value]


def _timed(name: str, text: str, seconds: float | None, masker: Masker) -> Fact:
    return Fact(name, f"{shown_text(text, masker)} ({_seconds(seconds)})")


def statistics_of(task: Mapping[str, Any], masker: Masker) -> list[Fact]:
    """Return all statistics of a task by their names."""
    return [Fact(name, shown_text(value, masker)) for name, value in task_rows(task)]


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else duration_text(round(seconds * _SECOND))


def _running(roots: Sequence[Node]) -> str:
    return f"{duration_text(roots[0].end - roots[0].start)} so far" if roots else ""


def _idle(roots: Sequence[Node]) -> str:
    """Return how long no step of the first task ran; nothing for less than a millisecond."""
    children = [(child.start, child.end) for child in roots[0].children if child.start < child.end] if roots else []
    idle = idle_time(roots[0].start, roots[0].end, children) if children else 0
    return duration_text(idle) if idle > 1_000_000 else ""  # noqa: PLR2004  a millisecond
