"""Questions about tasks: lists by page, one task, and the search by an id that a person has."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, select, tuple_

from tasker_consumers.store.reading.reader import Answer, StoreReader
from tasker_consumers.store.tables import custom_events, step_attempts, task_stats
from tasker_schemas.names import State
from tasker_schemas.waiting import WAITING

#: The most rows of a page, and of the tasks that a search finds.
MAX_PAGE, MAX_FOUND = 1000, 50


class After(NamedTuple):
    """The last row of a page: the next page begins behind it."""

    last_event_at: int
    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks are listed; `since` and `until` bound the latest event, in microseconds.

    The status `waiting` stands for tasks that go on and wait, whatever the status of their record.
    """

    status: str | None = None
    name: str | None = None
    since: int | None = None
    until: int | None = None


NO_FILTER = TaskFilter()


def tasks_query(task_filter: TaskFilter = NO_FILTER, last_row: After | None = None, limit: int = 50) -> Select[Any]:
    """Return the query of a page of tasks, the latest event first."""
    stats = task_stats.c
    query = select(task_stats)
    if task_filter.status == WAITING:
        query = query.where(stats.waiting_for.is_not(None), stats.status != State.ABANDONED)
    elif task_filter.status is not None:
        query = query.where(stats.status == task_filter.status)
    if task_filter.name is not None:
        query = query.where(stats.task_name == task_filter.name)
    if task_filter.since is not None:
        query = query.where(stats.last_event_at >= task_filter.since)
    if task_filter.until is not None:
        query = query.where(stats.last_event_at < task_filter.until)
    if last_row is not None:
        query = query.where(tuple_(stats.last_event_at, stats.task_id) < tuple_(*last_row))
    return query.order_by(stats.last_event_at.desc(), stats.task_id.desc()).limit(min(limit, MAX_PAGE))


def list_tasks(
    reader: StoreReader, task_filter: TaskFilter = NO_FILTER, last_row: After | None = None, limit: int = 50
) -> list[Answer]:
    """Return a page of tasks with the fields of their statistics; times in microseconds, `*_s` in seconds."""
    return reader.all(tasks_query(task_filter, last_row, limit))


def next_page(page: list[Answer], limit: int) -> After | None:
    """Return where the page behind a full page begins; None at the end."""
    if len(page) < limit:
        return None
    return After(page[-1]["last_event_at"], page[-1]["task_id"])


def task(reader: StoreReader, task_id: str) -> Answer | None:
    """Return the statistics of a task; None for a task that the store does not know."""
    return reader.first(select(task_stats).where(task_stats.c.task_id == task_id))


def find_tasks(reader: StoreReader, text: str) -> list[str]:
    """Return the ids of the tasks that an id of a task, a trace or a request stands for, at most 50."""
    by_stats = (_by_stats(column, text) for column in (task_stats.c.task_id, task_stats.c.trace_id))
    queries = [*by_stats, _of_task(text), *(_by_correlation(table, text) for table in _CORRELATED)]
    task_ids = dict.fromkeys(row["task_id"] for query in queries for row in reader.all(query))
    return [task_id for task_id in task_ids if task_id][:MAX_FOUND]


def _by_stats(column: ColumnElement[Any], text: str) -> Select[Any]:
    return select(task_stats.c.task_id).where(column == text).limit(MAX_FOUND)


def _of_task(text: str) -> Select[Any]:
    """Return the query for a task without statistics: their group does not run, or is behind."""
    return select(step_attempts.c.task_id).where(step_attempts.c.task_id == text).limit(1)


_CORRELATED = (step_attempts, custom_events)


def _by_correlation(table: Any, text: str) -> Select[Any]:
    return select(table.c.task_id).where(table.c.correlation_id == text).distinct().limit(MAX_FOUND)
