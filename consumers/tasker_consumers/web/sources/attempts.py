"""The attempts of many tasks, for the grid: from the store, else from the events of their time."""

# ruff: noqa: PLC0415  the store is an extra of its own

from collections.abc import Mapping, Sequence
from typing import Any

from tasker_consumers.replay.reading.select_records import SelectedRecords
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.trace_view.rebuild import rebuild
from tasker_consumers.web.sources.runs import earliest_arrival
from tasker_consumers.web.sources.sources import Sources
from tasker_consumers.web.views.grid import attempt_of_span
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family

Attempts = list[dict[str, Any]]


def attempts_of(sources: Sources, tasks: Sequence[Mapping[str, Any]]) -> Attempts:
    """Return the attempts of tasks, the earliest first."""
    ids = [task["task_id"] for task in tasks]
    if (reader := sources.store_reader) is not None:
        from tasker_consumers.store.reading.attempts import grid

        stored = [attempt for attempts in grid(reader, ids).values() for attempt in attempts]
        return sorted(stored, key=lambda attempt: attempt["started_at"] or attempt["happened_at"])
    attempts: Attempts = sources.answers.get(("attempts", tuple(ids)), lambda: _of_events(sources, tasks))
    return attempts


def _of_events(sources: Sources, tasks: Sequence[Mapping[str, Any]]) -> Attempts:
    begins = [task["created_at"] or task["started_at"] for task in tasks]
    since = earliest_arrival(min((begin for begin in begins if begin is not None), default=0))
    keys = {task["task_id"].encode() for task in tasks}
    selection = Selection(families=frozenset({Family.STEP}), since=since or None)
    settings = sources.settings
    try:
        records = SelectedRecords(settings.kafka, selection, settings.topic_prefix)
        run = rebuild((record for record in records if record.key in keys), sources.lookup)
    except UsageError:  # no topic of events yet
        return []
    attempts = (attempt_of_span(span) for span in run.spans())
    return sorted((attempt for attempt in attempts if attempt), key=lambda attempt: attempt["started_at"])
