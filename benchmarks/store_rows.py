"""Many rows for the store, made in PostgreSQL itself: tasks of 30 days, attempts of each tenth, failures, counts."""

from __future__ import annotations

from typing import Any

import psycopg

from tasker_consumers.store.writing.partitions import Days, today
from tasker_consumers.units import DAY_US, HOUR_US

DAYS, GROUPS = 30, 200
#: Steps in which each group fails.
STEPS = 3
#: Rows of a statement.
_PART = 1_000_000
#: A UUIDv7 of a time in microseconds and a number.
_KEY = (
    "(lpad(to_hex(at / 1000), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || "
    "lpad(to_hex(n), 15, '0'))::uuid"
)
_TASKS = """INSERT INTO task_stats (task_id, task_name, status, trace_id, created_at, started_at, completed_at,
  last_event_at, duration_s, total_steps, completed_steps, failed_steps, cancelled_steps, pending_steps, attempts,
  retries, step_time_s, revision)
SELECT 'order-' || lpad(n::text, 8, '0'), 'name_' || n % 20,
  CASE WHEN n % 16 = 0 THEN 'error' ELSE 'complete' END, lpad(to_hex(n), 32, '0'), at, at, at + 1500000, at + 1500000,
  1.5, 2, 2, 0, 0, 0, 2, 0, 1.5, 6"""
_ATTEMPTS = f"""INSERT INTO step_attempts (event_id, happened_at, event_name, state, task_id, task_name, step_id,
  step_name, attempt_number, started_at, completed_at, duration_s, trace_id)
SELECT {_KEY}, at, CASE n % 2 WHEN 0 THEN 'step.handle' ELSE 'step.completed' END,
  CASE n % 2 WHEN 0 THEN 'in_progress' ELSE 'complete' END, 'order-' || lpad((n / 4 * 10)::text, 8, '0'),
  'name_' || n / 4 % 20, 'step ' || n / 2 % 2, 'step ' || n / 2 % 2, 1, at, at, 0.5,
  lpad(to_hex(n / 4 * 10), 32, '0')"""
_FAILURES = f"""INSERT INTO failed_attempts (event_id, happened_at, event_name, task_id, task_name, step_id,
  step_name, attempt_number, error_class, error_message, fingerprint, service, service_version, topic, partition,
  "offset")
SELECT {_KEY}, at, 'step.failed', 'order-' || lpad(n::text, 8, '0'), 'name_' || n % 20, step, step, 1,
  'shop.Declined', 'card of order ' || n || ' declined', '1-' || lpad(to_hex(n % {GROUPS}), 24, '0'), 'shop',
  '1.' || at / {5 * DAY_US}, 'tasker.events.step', 0, n"""
_COUNTS = f"""INSERT INTO error_counts SELECT fingerprint, happened_at / {HOUR_US} * {HOUR_US},
  md5(task_name || step_name || service_version), task_name, step_name, service, service_version, count(*),
  min(happened_at), max(happened_at)
FROM failed_attempts GROUP BY fingerprint, 2, task_name, step_name, service, service_version"""
_DAYS = f"""INSERT INTO error_days SELECT fingerprint, hour / {DAY_US} * {DAY_US}, dimension, min(task_name),
  min(step_name), min(service), min(service_version), sum(count), min(first_at), max(last_at)
FROM error_counts GROUP BY 1, 2, 3"""
_GROUPS = f"""INSERT INTO error_groups SELECT '1-' || lpad(to_hex(n), 24, '0'), 1, 'grouped by 3 frames',
  'shop.Declined in pay:charge' || n, 'shop.Declined', '["frames"]' FROM generate_series(0, {GROUPS - 1}) AS n"""


def fill(connection: psycopg.Connection[Any], tasks: int, failures: int) -> None:
    """Make the rows; the connection commits each statement by itself."""
    days = range(today() - DAYS + 1, today() + 3)
    with connection.transaction():
        Days().make(connection, days)
    first = days[0] * DAY_US
    for insert, count in ((_TASKS, tasks), (_ATTEMPTS, tasks // 10 * 4), (_FAILURES, failures)):
        every = DAYS * DAY_US // max(1, count)
        for start in range(0, count, _PART):
            rows = f"generate_series({start}::bigint, {min(start + _PART, count) - 1}::bigint) AS n"
            numbers = f"SELECT n, {first} + n * {every} AS at, 'step ' || n / {GROUPS} % {STEPS} AS step FROM {rows}"
            connection.execute(f"{insert} FROM ({numbers}) AS numbers".encode())
    for statement in (_COUNTS, _DAYS, _GROUPS, "VACUUM ANALYZE"):
        connection.execute(statement.encode())


def task_id_of(number: int) -> str:
    """Return the id of a task by its number."""
    return f"order-{number:08}"


def name_of(number: int) -> str:
    """Return the name of each twentieth task."""
    return f"name_{number}"


def group_of(number: int) -> str:
    """Return the fingerprint of a group of failures by its number."""
    return f"1-{number:024x}"
