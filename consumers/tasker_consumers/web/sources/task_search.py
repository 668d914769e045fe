"""A page of the list, and the search by an id that a person has: from memory, then from the store, then from Kafka."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasker_consumers.trace_view.readers import is_trace_id
from tasker_consumers.web.sources.sources import Sources
from tasker_consumers.web.sources.stored_tasks import find_stored, stored_page, stored_task
from tasker_consumers.web.views.task_list import PAGE, ListQuery

_MOST_FOUND = 50

Task = Mapping[str, Any]


def task_page(sources: Sources, query: ListQuery) -> list[Task]:
    """Return a page of tasks, the latest event first: those in memory, then those that only the store still has."""
    tasks: list[Task] = list(sources.live.newest(PAGE, query.accepts, query.before))
    reader = sources.store_reader
    if len(tasks) < PAGE and reader is not None:
        in_memory = {task["task_id"] for task in tasks}
        last = (tasks[-1]["last_event_at"], tasks[-1]["task_id"]) if tasks else query.before
        tasks += [task for task in stored_page(reader, query, last) if task["task_id"] not in in_memory]
    return tasks[:PAGE]


def find_task(sources: Sources, task_id: str) -> Task | None:
    """Return the statistics of a task; None where neither memory nor store has them."""
    if (live := sources.live.get(task_id)) is not None:
        return live
    reader = sources.store_reader
    return stored_task(reader, task_id) if reader is not None else None


def search(sources: Sources, text: str) -> list[str]:
    """Return the ids of the tasks that an id of a task, of a trace or of a request stands for."""
    if find_task(sources, text) is not None:
        return [text]
    task_ids = [*_of_trace(sources, text), *sources.facts.correlated(text)]
    reader = sources.store_reader
    if reader is not None:
        task_ids += find_stored(reader, text)
    if not task_ids and sources.runs.read(text, mark=None).run.events:
        task_ids = [text]  # its statistics are not known, but its events are there
    return list(dict.fromkeys(task_ids))[:_MOST_FOUND]


def _of_trace(sources: Sources, text: str) -> Sequence[str]:
    if not is_trace_id(text):
        return []
    trace_id = text.lower()
    return [task["task_id"] for task in sources.live.newest(_MOST_FOUND, lambda task: task["trace_id"] == trace_id)]


def rows_of(sources: Sources, task_ids: Sequence[str]) -> list[Task]:
    """Return the statistics of tasks, leaving out those that have none."""
    return [task for task_id in task_ids if (task := find_task(sources, task_id)) is not None]
