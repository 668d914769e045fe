"""The run of a task as it was known at a moment, with its tree."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from tasker_consumers.trace_view.moments import read_run_moment
from tasker_consumers.trace_view.rebuild import Run
from tasker_consumers.trace_view.tree import Node, build_tree
from tasker_consumers.web.sources.runs import earliest_arrival
from tasker_consumers.web.sources.sources import Sources
from tasker_consumers.web.sources.task_search import Task, find_task
from tasker_schemas.errors import UsageError

_MICRO = 1_000


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task with its run; `stats` are those of the moment."""

    task_id: str
    stats: Task | None
    run: Run
    roots: list[Node]


def read_task_run(sources: Sources, task_id: str, at: str = "") -> TaskRun:
    """Return the run of a task or of a trace, at the moment `at` as people write it, or now.

    Raises UsageError for a moment that is none or lies before the run's first event, BackendUnavailable without Kafka.
    """
    stats = find_task(sources, task_id)
    began = None if stats is None else stats["created_at"] or stats["started_at"]
    since = None if began is None else earliest_arrival(began)
    mark = None if stats is None else (stats["revision"], stats["last_event_at"])
    run = sources.runs.read(task_id, mark, since).run
    if not run.events and since is not None:
        run = sources.runs.read(task_id, (mark, "everything")).run
    present = time.time_ns()
    if at and run.payloads:
        run = _before(run, at)
        present = int(run.payloads[-1]["timestamp"]) * _MICRO
    tasks = run.tasks()
    roots = build_tree(run.spans(), tasks, present)
    task = next((stats_of_task for stats_of_task in tasks if stats_of_task["task_id"] == task_id), None)
    return TaskRun(task_id, task or stats or (tasks[0] if tasks else None), run, roots)


def _before(run: Run, at: str) -> Run:
    moment = read_run_moment(at, run.payloads[0]["timestamp"], datetime.now(UTC))
    selected = run.events_before(moment)
    if not selected.events:
        raise UsageError(f"{at!r} is before the run's first event; write +90s to count from its start")
    return selected
