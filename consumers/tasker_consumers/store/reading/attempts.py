"""Questions about the attempts of steps: those of a task, and the grid of runs and steps."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, or_, select

from tasker_consumers.store.reading.reader import Answer, StoreReader
from tasker_consumers.store.tables import custom_events, failed_attempts, payloads, step_attempts
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State

#: The most rows that a question about a task returns.
MAX_ROWS = 100_000
#: The most runs of a grid.
MAX_RUNS = 200


def task_attempts(reader: StoreReader, task_id: str) -> list[Answer]:
    """Return the attempts of a task's steps, in the order of their starts: a dict for each, as it stands now.

    An attempt has its `state`, `started_at`, `completed_at` (microseconds), `duration_s`, `depends_on`, and of a failed
    attempt `error_class` and `fingerprint`.
    """
    attempts = step_attempts.c
    rows = reader.all(
        select(step_attempts).where(attempts.task_id == task_id).order_by(attempts.event_id).limit(MAX_ROWS)
    )
    return sorted(latest_attempts(rows), key=lambda row: (row["started_at"] or row["happened_at"], row["event_id"]))


def latest_attempts(rows: Iterable[Mapping[str, Any]]) -> list[Answer]:
    """Return each attempt once, from the rows of its events: the greatest of rank, time and id decides.

    The start comes from whichever row tells it. The order of rows does not matter.
    """
    latest: dict[tuple[str, str, int], Mapping[str, Any]] = {}
    starts: dict[tuple[str, str, int], int] = {}
    for row in rows:
        key = (row["task_id"], row["step_id"], row["attempt_number"])
        if row["started_at"] is not None and row["state"] == State.IN_PROGRESS:
            starts[key] = min(starts.get(key, row["started_at"]), row["started_at"])
        present = latest.get(key)
        if present is None or _weight(row) > _weight(present):
            latest[key] = row
    return [{**row, "started_at": row["started_at"] or starts.get(key)} for key, row in latest.items()]


def _weight(row: Mapping[str, Any]) -> tuple[int, int, str]:
    return RANK[State(row["state"])], row["happened_at"], row["event_id"]


def grid(reader: StoreReader, task_ids: Sequence[str]) -> dict[str, list[Answer]]:
    """Return the attempts of several tasks, by task: the cells of a grid of runs and steps; at most 200 tasks."""
    attempts, wanted = step_attempts.c, list(task_ids)[:MAX_RUNS]
    query = (
        select(
            *(attempts[name] for name in ("event_id", "happened_at", "state", "task_id", "step_id", "step_name")),
            *(attempts[name] for name in ("attempt_number", "started_at", "completed_at", "duration_s", "error_class")),
        )
        .where(attempts.task_id.in_(wanted))
        .limit(MAX_ROWS)
    )
    cells: dict[str, list[Answer]] = {task_id: [] for task_id in wanted}
    for attempt in latest_attempts(reader.all(query)):
        cells[attempt["task_id"]].append(attempt)
    return cells


def step_durations_query(step_name: str, since_key: str, limit: int = 10_000) -> Select[Any]:
    """Return the query of the newest durations of a step's attempts; `since_key` is `event_keys.first_key(time)`."""
    attempts = step_attempts.c
    return (
        select(attempts.happened_at, attempts.state, attempts.duration_s)
        .where(attempts.step_name == step_name, attempts.event_id >= since_key, attempts.duration_s.is_not(None))
        .order_by(attempts.event_id.desc())
        .limit(limit)
    )


def task_failures(reader: StoreReader, task_id: str) -> list[Answer]:
    """Return the failed attempts of a task, the earliest first, whole: error, chain, backtrace, position in Kafka."""
    failures = failed_attempts.c
    return reader.all(
        select(failed_attempts).where(failures.task_id == task_id).order_by(failures.event_id).limit(MAX_ROWS)
    )


def task_events(reader: StoreReader, task_id: str) -> list[Answer]:
    """Return the custom events of a task, the earliest first, with their attributes."""
    events = custom_events.c
    return reader.all(select(custom_events).where(events.task_id == task_id).order_by(events.event_id).limit(MAX_ROWS))


def task_payloads(reader: StoreReader, task_id: str, step_id: str | None = None, attempt: int | None = None) -> Answer:
    """Return `step_inputs`, `step_results` and `context` (JSON text, masked) of a task or an attempt; None if gone."""
    stored = payloads.c
    query = select(payloads).where(stored.task_id == task_id).order_by(stored.event_id)
    if step_id is not None:
        query = query.where(stored.step_id == step_id)
    if attempt is not None:
        # Inputs may have been announced before the attempt had its number: those of an earlier attempt are the same.
        query = query.where(or_(stored.attempt_number == attempt, stored.step_inputs.is_not(None)))
    found: Answer = dict.fromkeys(("step_inputs", "step_results", "context"))
    for row in reader.all(query.limit(MAX_ROWS)):
        found |= {name: row[name] for name in found if row[name] is not None}
    return found
