"""A worker in miniature that crashes: runs are delivered again, and the changelog may end in the middle of a run."""

from collections.abc import Iterable
from random import Random
from typing import Any

from tasker_consumers.stats.core.derive import derive_stats
from tasker_consumers.stats.core.fold import Headers, fold
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.storage import dump, load

Event = dict[str, Any]


def stats_after_crashes(events: list[Event], random: Random, crashes: int = 12) -> dict[str, dict[str, Any]]:
    """Return what a worker emitted last for each task, when it read `events` and crashed now and then.

    After a crash the table is what the changelog holds, a part of the last run's entries among them; the offset is that
    of the last run that was written whole, or an older one.
    """
    table: dict[bytes, bytes] = {}
    emitted: dict[str, dict[str, Any]] = {}
    committed, at = 0, 0
    while at < len(events):
        size = random.randrange(1, max(2, len(events) // 8))
        entries, results = _run(table, events[at : at + size])
        if crashes and random.random() < 0.5:
            crashes -= 1
            write(table, entries[: random.randrange(len(entries) + 1)])
            at = committed = random.randint(committed - min(committed, 50), committed)
        else:
            write(table, entries)
            emitted |= results
            at += size
            committed = at if random.random() < 0.7 else committed
    return emitted


def touched_by(table: dict[bytes, bytes], told: Iterable[tuple[Event, Headers]]) -> dict[str, TaskState]:
    """Return the states of the tasks that a run of events and their headers touches, by task id."""
    touched: dict[str, TaskState] = {}
    for event, headers in told:
        task_id = event["task_id"]
        state = touched.get(task_id) or load(task_id.encode(), table.get)
        touched[task_id] = fold(state, event, headers)
    return touched


def write(table: dict[bytes, bytes], entries: Iterable[tuple[bytes, bytes | None]]) -> None:
    """Store what `dump` returned."""
    for key, value in entries:
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value


def _run(
    table: dict[bytes, bytes], events: list[Event]
) -> tuple[list[tuple[bytes, bytes | None]], dict[str, dict[str, Any]]]:
    touched = touched_by(table, ((event, ()) for event in events))
    results = {task_id: derive_stats(state) for task_id, state in touched.items()}
    return [entry for task_id, state in touched.items() for entry in dump(task_id.encode(), state).items()], results
