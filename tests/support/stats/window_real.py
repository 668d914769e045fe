"""Windows of whole histories in SQL, in a database of their own: it shares no line with the fold."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import Any

COLUMNS = (
    "task_id", "task_name", "step_id", "step_name", "event_name", "attempt_number", "timestamp", "started_at",
    "completed_at", "execution_duration",
)  # fmt: skip

_RANKS = {
    "step.before_handle": 1, "step.handle": 1, "step.failed": 2, "step.max_retries_reached": 2, "step.cancelled": 3,
    "step.completed": 4, "step.resolved_manually": 5, "step.initialize_requested": 0, "step.execution_requested": 0,
    "step.retry_requested": 0, "task.initialize_requested": 0, "task.retry_requested": 0, "task.start_requested": 1,
    "task.failed": 2, "task.cancelled": 3, "task.completed": 4, "task.resolved_manually": 5,
}  # fmt: skip

_SQL = """
WITH told AS (SELECT events.*, rank FROM events JOIN ranks USING (event_name)),
attempt AS (
    SELECT task_id, step_id, coalesce(attempt_number, 1) AS number, max(rank) AS rank,
           coalesce(min(started_at), min(iif(rank = 1, timestamp, NULL))) AS start,
           coalesce(max(iif(event_name IN ('step.completed', 'step.failed', 'step.cancelled'), completed_at, NULL)),
                    min(iif(rank >= 2, timestamp, NULL))) AS stop,
           max(iif(event_name IN ('step.completed', 'step.failed', 'step.cancelled'), execution_duration, NULL)) AS told
    FROM told WHERE event_name LIKE 'step.%' GROUP BY 1, 2, 3),
lasted AS (SELECT *, coalesce(round(told * 1e6), max(0, stop - start)) AS took FROM attempt),
step AS (
    SELECT task_id, step_id, max(number) AS last, max(iif(rank >= 1, number, 0)) AS tries,
           iif(count(*) = 1, max(took), nullif(max(coalesce(max(took), -1), coalesce(max(stop) - min(start), -1)), -1))
           AS took
    FROM lasted GROUP BY 1, 2),
named AS (SELECT task_id, step_id, min(step_name) AS name FROM events WHERE step_id IS NOT NULL GROUP BY 1, 2),
stand AS (
    SELECT *, row_number() OVER (PARTITION BY task_id ORDER BY timestamp DESC, rank DESC) AS place
    FROM told WHERE event_name LIKE 'task.%'),
began AS (
    SELECT task_id, min(task_name) AS name, coalesce(
        min(iif(event_name LIKE 'task.%' AND event_name NOT IN ('task.initialize_requested', 'task.retry_requested'),
                started_at, NULL)),
        min(iif(event_name = 'task.start_requested', timestamp, NULL))) AS start
    FROM events GROUP BY 1),
retried AS (SELECT task_id, sum(max(0, tries - 1)) AS retries FROM step GROUP BY 1),
ended AS (
    SELECT 'step' AS kind, coalesce(name, '') AS name, stop, rank, max(0, tries - 1) AS retries, step.took AS took
    FROM step JOIN lasted ON (lasted.task_id, lasted.step_id, number) = (step.task_id, step.step_id, last)
    JOIN named ON (named.task_id, named.step_id) = (step.task_id, step.step_id) WHERE rank >= 2
    UNION ALL
    SELECT 'task', coalesce(name, ''), coalesce(completed_at, timestamp), rank, coalesce(retries, 0),
           max(0, coalesce(completed_at, timestamp) - start)
    FROM stand JOIN began USING (task_id) LEFT JOIN retried USING (task_id) WHERE place = 1 AND rank >= 2)
SELECT kind, name, length, stop - (stop % size + size) % size AS start, sum(rank = 4), sum(rank = 2), sum(rank = 3),
       sum(retries), count(took), sum(took), json_group_array(took)
FROM ended, (SELECT 60 AS length, 60000000 AS size UNION SELECT 3600, 3600000000)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


def windows_in_sql(events: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return of each window: kind, name, length, start, complete, error, cancelled, retries, measured, time, durations.

    Times are in microseconds; the durations are JSON.
    """
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE events ({', '.join(COLUMNS)})")
        database.execute("CREATE TABLE ranks (event_name, rank)")
        database.executemany("INSERT INTO ranks VALUES (?, ?)", _RANKS.items())
        rows = ([_plain(event.get(column)) for column in COLUMNS] for event in events)
        database.executemany(f"INSERT INTO events VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        return database.execute(_SQL).fetchall()


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value
