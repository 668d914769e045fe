"""Tasks asked of the store."""

# ruff: noqa: PLC0415  the store is an extra of its own

from typing import TYPE_CHECKING, Any

from tasker_consumers.web.views.task_list import PAGE, ListQuery

if TYPE_CHECKING:
    from tasker_consumers.store.reading.reader import StoreReader


def stored_page(reader: "StoreReader", query: ListQuery, last_row: tuple[int, str] | None) -> list[dict[str, Any]]:
    """Return a page of stored tasks behind a row; a page for each status, merged, since each has its index."""
    from tasker_consumers.store.reading.tasks import After, TaskFilter, list_tasks

    last_listed = None if last_row is None else After(*last_row)
    tasks = {  # a task that waits has two of the statuses
        task["task_id"]: task
        for status in query.statuses or (None,)
        for task in list_tasks(reader, TaskFilter(status=status, name=query.name or None), last_listed, PAGE)
    }
    return sorted(tasks.values(), key=lambda task: (task["last_event_at"], task["task_id"]), reverse=True)[:PAGE]


def stored_task(reader: "StoreReader", task_id: str) -> dict[str, Any] | None:
    """Return the stored statistics of a task; None for a task that the store does not know."""
    from tasker_consumers.store.reading.tasks import task

    return task(reader, task_id)


def find_stored(reader: "StoreReader", text: str) -> list[str]:
    """Return the ids of stored tasks that an id stands for."""
    from tasker_consumers.store.reading.tasks import find_tasks

    return find_tasks(reader, text)
