"""The tables of the store, the same in PostgreSQL and SQLite.

Rows of events are facts: the event id is their key, they are inserted once and never changed. So the order and the
number of deliveries do not matter. In PostgreSQL these tables are partitioned by the day in the id, a UUIDv7, and
retention drops whole days. Times are microseconds since 1970, UTC; JSON is text.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, String, Table, Text, Uuid, text

metadata = MetaData()

#: A UUIDv7 as text; its order is that of time.
EVENT_ID = Uuid(as_uuid=False).with_variant(String(36), "sqlite")
_BY_DAY: dict[str, Any] = {"postgresql_partition_by": "RANGE (event_id)"}


def _event_columns() -> tuple[Column[Any], ...]:
    return (
        Column("event_id", EVENT_ID, primary_key=True),
        Column("happened_at", BigInteger, nullable=False),
        Column("event_name", Text, nullable=False),
    )


def _trace_columns() -> tuple[Column[Any], ...]:
    return (
        Column("trace_id", Text),
        Column("span_id", Text),
        Column("correlation_id", Text),
        Column("service", Text),
        Column("service_version", Text),
    )


def _position_columns() -> tuple[Column[Any], ...]:
    """Return where a record is in Kafka."""
    return Column("topic", Text), Column("partition", Integer), Column("offset", BigInteger)


def _step_columns() -> tuple[Column[Any], ...]:
    return (
        Column("task_id", Text, nullable=False),
        Column("task_name", Text),
        Column("step_id", Text),
        Column("step_name", Text),
        Column("attempt_number", Integer),
        Column("retry_limit", Integer),
    )


def _time_columns() -> tuple[Column[Any], ...]:
    return Column("started_at", BigInteger), Column("completed_at", BigInteger), Column("duration_s", Double)


#: Every attempt that failed, and every task that failed by itself: then it has no step.
failed_attempts = Table(
    "failed_attempts",
    metadata,
    *_event_columns(),
    *_step_columns(),
    *_time_columns(),
    Column("error_class", Text),
    Column("error_message", Text),
    Column("error_chain", Text),
    Column("error_notes", Text),
    Column("backtrace", Text),
    Column("fingerprint", Text, nullable=False),
    Column("attributes", Text),
    *_trace_columns(),
    Column("producer", Text),
    *_position_columns(),
    Index("failed_attempts_by_task", "task_id", "event_id"),
    Index("failed_attempts_by_group", "fingerprint", "event_id", "task_id"),  # the tasks are counted in it
    **_BY_DAY,
)

#: Begins and ends of attempts; an attempt stands where its row with the greatest rank says (`reading.attempts`).
step_attempts = Table(
    "step_attempts",
    metadata,
    *_event_columns(),
    Column("state", Text, nullable=False),
    *_step_columns(),
    *_time_columns(),
    Column("depends_on", Text),
    Column("error_class", Text),
    Column("fingerprint", Text),
    *_trace_columns(),
    Index("step_attempts_by_task", "task_id", "event_id"),
    Index("step_attempts_by_step", "step_name", "event_id"),
    Index("step_attempts_by_correlation", "correlation_id", "event_id"),
    **_BY_DAY,
)

#: Events of a service's own, also those outside of any task.
custom_events = Table(
    "custom_events",
    metadata,
    *_event_columns(),
    Column("task_id", Text),
    Column("task_name", Text),
    Column("record_key", Text),
    Column("attributes", Text),
    *_trace_columns(),
    *_position_columns(),
    Index("custom_events_by_task", "task_id", "event_id"),
    Index("custom_events_by_name", "event_name", "event_id"),
    **_BY_DAY,
)

#: Masked inputs, results and contexts, which are large and kept for a shorter time.
payloads = Table(
    "payloads",
    metadata,
    *_event_columns(),
    Column("task_id", Text, nullable=False),
    Column("step_id", Text),
    Column("attempt_number", Integer),
    Column("step_inputs", Text),
    Column("step_results", Text),
    Column("context", Text),
    Index("payloads_by_task", "task_id", "event_id"),
    **_BY_DAY,
)

_WAITS = text("waiting_for IS NOT NULL")

#: The newest statistics of each task: the record with the highest revision.
task_stats = Table(
    "task_stats",
    metadata,
    Column("task_id", Text, primary_key=True),
    Column("task_name", Text),
    Column("status", Text, nullable=False),
    Column("trace_id", Text),
    Column("created_at", BigInteger),
    Column("started_at", BigInteger),
    Column("completed_at", BigInteger),
    Column("last_event_at", BigInteger, nullable=False),
    Column("queue_time_s", Double),
    Column("duration_s", Double),
    Column("total_steps", Integer, nullable=False),
    Column("completed_steps", Integer, nullable=False),
    Column("failed_steps", Integer, nullable=False),
    Column("cancelled_steps", Integer, nullable=False),
    Column("pending_steps", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("step_time_s", Double, nullable=False),
    Column("parallelism", Double),
    Column("longest_step", Text),
    Column("longest_step_s", Double),
    Column("critical_path", Text),
    Column("critical_path_s", Double),
    Column("first_error", Text),
    Column("revision", BigInteger, nullable=False),
    Column("waiting_for", Text),
    Column("waiting_since", BigInteger),
    Column("waiting_until", BigInteger),
    Column("waiting_step", Text),
    Index("task_stats_by_time", "last_event_at", "task_id"),
    Index("task_stats_by_name", "task_name", "last_event_at", "task_id"),
    Index("task_stats_by_status", "status", "last_event_at", "task_id"),
    Index("task_stats_by_trace", "trace_id"),
    Index(
        "task_stats_that_wait",
        "last_event_at",
        "task_id",
        postgresql_where=_WAITS,
        sqlite_where=_WAITS,
    ),
)

#: Why records went to the dead letters; the record itself is in its topic.
dead_letters = Table(
    "dead_letters",
    metadata,
    Column("letter_topic", Text, primary_key=True),
    Column("letter_partition", Integer, primary_key=True),
    Column("letter_offset", BigInteger, primary_key=True),
    Column("arrived_at", BigInteger, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("exception", Text),
    Column("record_key", Text),
    Column("attempts", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    *_position_columns(),
    Index("dead_letters_by_time", "arrived_at"),
)

#: How errors are grouped: a fingerprint, the version of its rule, and its reason for people.
error_groups = Table(
    "error_groups",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("error_class", Text),
    Column("parts", Text, nullable=False),
)


def _count_columns(part: str) -> tuple[Column[Any], ...]:
    """Return the columns of failures counted by a part of time and by names; `dimension` is a hash of the names."""
    return (
        Column("fingerprint", Text, primary_key=True),
        Column(part, BigInteger, primary_key=True),
        Column("dimension", Text, primary_key=True),
        Column("task_name", Text),
        Column("step_name", Text),
        Column("service", Text),
        Column("service_version", Text),
        Column("count", BigInteger, nullable=False),
        Column("first_at", BigInteger, nullable=False),
        Column("last_at", BigInteger, nullable=False),
    )


#: Failed attempts counted by hour, written in the transaction that inserts them.
error_counts = Table("error_counts", metadata, *_count_columns("hour"), Index("error_counts_by_hour", "hour"))

#: The same by day (UTC), so that a month of many groups is few rows.
error_days = Table("error_days", metadata, *_count_columns("day"), Index("error_days_by_day", "day"))

#: The next offset of each partition: all records before it are in the tables above.
positions = Table(
    "positions",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("topic_id", Text, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
)

#: Tables whose key is an event's id, with their days.
EVENT_TABLES = (failed_attempts, step_attempts, custom_events, payloads)
