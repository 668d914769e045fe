"""The events of tasks, as far as their rows tell them: what is left when the topics have lost the records."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from tasker_consumers.store.core.event_keys import first_key
from tasker_consumers.store.reading.attempts import MAX_ROWS
from tasker_consumers.store.reading.reader import Answer, StoreReader
from tasker_consumers.store.tables import EVENT_TABLES, task_stats
from tasker_consumers.units import DAY_US

#: Columns that are no fields of events, and those that have another name there.
_LEFT_OUT = frozenset({"state", "fingerprint", "topic", "partition", "offset", "record_key"})
_FIELDS = {"happened_at": "timestamp", "duration_s": "execution_duration"}
#: The most tasks of a trace.
MAX_TASKS = 50


def tasks_of_trace(reader: StoreReader, trace_id: str) -> list[Answer]:
    """Return the statistics of the tasks of a trace, the earliest first, at most 50."""
    stats = task_stats.c
    rows = reader.all(select(task_stats).where(stats.trace_id == trace_id).limit(MAX_TASKS))
    return sorted(rows, key=lambda row: row["started_at"] or row["created_at"] or row["last_event_at"])


def stored_events(reader: StoreReader, tasks: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """Return the fields of the events of tasks, given by their statistics, in the order of their ids.

    An event has `trace_id` and `span_id` beside its own fields.
    """
    ids = [task["task_id"] for task in tasks]
    begins = [task["created_at"] or task["started_at"] or task["last_event_at"] for task in tasks]
    # Clocks differ, but not by days: partitions of all other days are left out.
    first, last = min(begins) - DAY_US, max(task["last_event_at"] for task in tasks) + DAY_US
    events: dict[str, Answer] = {}
    for table in EVENT_TABLES:
        keys = table.c.event_id
        query = select(table).where(table.c.task_id.in_(ids), keys >= first_key(first), keys <= first_key(last))
        for row in reader.all(query.order_by(keys).limit(MAX_ROWS)):
            events.setdefault(row["event_id"], {}).update(_fields_of(row))
    return [event for _, event in sorted(events.items())]


def _fields_of(row: Mapping[str, Any]) -> Answer:
    return {
        _FIELDS.get(name, name): value for name, value in row.items() if value is not None and name not in _LEFT_OUT
    }
