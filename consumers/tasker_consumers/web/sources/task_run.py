"""The run of a task as it was known at a moment, folded once for all pages that show it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.trace_view.moments import read_run_moment
from tasker_consumers.trace_view.rebuild import Run
from tasker_consumers.trace_view.tree import Node, build_tree
from tasker_consumers.web.sources.live.followed_run import ReadRun
from tasker_consumers.web.sources.runs import earliest_arrival
from tasker_consumers.web.sources.sources import Sources
from tasker_consumers.web.sources.stored_run import records_of_store
from tasker_consumers.web.sources.task_search import Task, find_task
from tasker_schemas.errors import UsageError

_MICRO = 1_000
#: Attempts from which on a task has so many events that its page shows the first ones before all are read.
LARGE = 2_000
#: Events that are shown first.
_BEGINNING = 1_000
#: Seconds for which the tree of a run that goes on is shown as it is.
_TICK_S = 2


@dataclass(frozen=True)
class TaskRun:
    """A task with its run; `stats` are those of the moment, `is_stored` says that the store's rows made the run.

    `tasks` are the statistics of all tasks of the run, `present` is the end of what runs, in nanoseconds.
    """

    task_id: str
    stats: Task | None
    run: Run
    spans: list[Span]
    tasks: list[dict[str, Any]]
    present: int
    is_stored: bool = False

    @cached_property
    def roots(self) -> list[Node]:
        """The tree of the spans, made for the first who asks."""
        return build_tree(self.spans, self.tasks, self.present)


def read_task_run(sources: Sources, task_id: str, at: str = "", *, with_all_events: bool = False) -> TaskRun:
    """Return the run of a task or of a trace, at the moment `at` as people write it, or now.

    A task that has left the memory is made of the store's rows, which takes no search in the topics; `with_all_events`
    prefers the topics, which have every event, as long as they have them.

    Raises UsageError for a moment that is none or lies before the run's first event, BackendUnavailable without Kafka.
    """
    stats = find_task(sources, task_id)
    topics_first = with_all_events or sources.live.get(task_id) is not None
    stored = None if topics_first else _read_stored(sources, stats)
    read = stored or _read_topics(sources, task_id, stats)
    if topics_first and not read.run.events:
        stored = _read_stored(sources, stats)
        read = stored or read
    is_stored = read is stored
    goes_on = stats is None or stats["completed_at"] is None
    tick = int(time.monotonic() // _TICK_S) if goes_on else 0
    kept = read
    task_run: TaskRun = read.trees.get((at, tick), lambda: _task_run(task_id, stats, kept, at, is_stored=is_stored))
    return task_run


def unread_large_task(sources: Sources, task_id: str) -> Task | None:
    """Return the statistics of a task whose events are too many to wait for; None for others, and for kept runs."""
    stats = sources.live.get(task_id)
    is_large = stats is not None and max(stats["attempts"], stats["total_steps"]) >= LARGE
    return stats if is_large and not sources.runs.has(task_id, _mark_of(stats)) else None


def read_beginning(sources: Sources, task_id: str) -> TaskRun:
    """Return the run of a task as its first events tell it. Raises BackendUnavailable without Kafka."""
    stats = find_task(sources, task_id)
    run = sources.runs.beginning(task_id, _since(stats), _BEGINNING)
    present = int(run.payloads[-1]["timestamp"]) * _MICRO if run.payloads else time.time_ns()
    return TaskRun(task_id, stats, run, run.spans(), run.tasks(), present)


def _since(stats: Task | None) -> int | None:
    began = None if stats is None else stats["created_at"] or stats["started_at"]
    return None if began is None else earliest_arrival(began)


def _read_topics(sources: Sources, task_id: str, stats: Task | None) -> ReadRun:
    since, mark = _since(stats), _mark_of(stats)
    read = sources.runs.read(task_id, mark, since)
    if not read.run.events and since is not None:
        read = sources.runs.read(task_id, (mark, "everything"))
    return read


def _read_stored(sources: Sources, stats: Task | None) -> ReadRun | None:
    """Return the run that the store has; None without a store, and where it has no rows of the task."""
    reader = sources.store_reader
    if reader is None or stats is None:
        return None
    task_id, mark = stats["task_id"], (_mark_of(stats), "store")
    read = sources.runs.load(task_id, mark, lambda: records_of_store(reader, stats))
    return read if read.run.events else None


def _mark_of(stats: Task | None) -> object:
    return None if stats is None else (stats["revision"], stats["last_event_at"])


def _task_run(task_id: str, stats: Task | None, read: ReadRun, at: str, *, is_stored: bool) -> TaskRun:
    run, spans, tasks, present = read.run, read.spans, read.tasks, time.time_ns()
    if at and run.payloads:
        run = _events_before(run, at)
        spans, tasks, present = run.spans(), run.tasks(), int(run.payloads[-1]["timestamp"]) * _MICRO
    folded: Task | None = next((task for task in tasks if task["task_id"] == task_id), None)
    if is_stored and not at:
        folded = stats  # the store has not every event, and statistics that were made of all
    return TaskRun(task_id, folded or stats or (tasks[0] if tasks else None), run, spans, tasks, present, is_stored)


def _events_before(run: Run, at: str) -> Run:
    moment = read_run_moment(at, run.payloads[0]["timestamp"], datetime.now(UTC))
    selected = run.events_before(moment)
    if not selected.events:
        raise UsageError(f"{at!r} is before the run's first event; write +90s to count from its start")
    return selected
