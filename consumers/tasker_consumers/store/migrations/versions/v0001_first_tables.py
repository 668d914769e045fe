"""The first tables: facts by event id, statistics of tasks, dead letters, error groups, positions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_EVENT_ID = sa.Uuid(as_uuid=False).with_variant(sa.String(36), "sqlite")
_PARTITIONED: dict[str, Any] = {"postgresql_partition_by": "RANGE (event_id)"}


def upgrade() -> None:
    """Make all tables, and in PostgreSQL the partitions for ids of no day."""
    _failed_attempts()
    _step_attempts()
    _custom_events()
    _payloads()
    _task_stats()
    _dead_letters()
    _error_groups()
    op.create_table(
        "positions",
        *_texts("topic", primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True),
        *_texts("topic_id", nullable=False),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in ("failed_attempts", "step_attempts", "custom_events", "payloads"):
            op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")


def _texts(*names: str, **options: Any) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, **options) for name in names]


def _long(*names: str, **options: Any) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger, **options) for name in names]


def _numbers(*names: str, **options: Any) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer, **options) for name in names]


def _decimals(*names: str, **options: Any) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Double, **options) for name in names]


def _beginning() -> list[sa.Column[Any]]:
    happened_at = _long("happened_at", nullable=False)
    return [sa.Column("event_id", _EVENT_ID, primary_key=True), *happened_at, *_texts("event_name", nullable=False)]


def _step() -> list[sa.Column[Any]]:
    names = _texts("task_name", "step_id", "step_name")
    return [*_texts("task_id", nullable=False), *names, *_numbers("attempt_number", "retry_limit")]


def _times() -> list[sa.Column[Any]]:
    return [*_long("started_at", "completed_at"), *_decimals("duration_s")]


def _trace() -> list[sa.Column[Any]]:
    return _texts("trace_id", "span_id", "correlation_id", "service", "service_version")


def _position() -> list[sa.Column[Any]]:
    return [*_texts("topic"), *_numbers("partition"), *_long("offset")]


def _failed_attempts() -> None:
    op.create_table(
        "failed_attempts",
        *_beginning(),
        *_step(),
        *_times(),
        *_texts("error_class", "error_message", "error_chain", "error_notes", "backtrace"),
        *_texts("fingerprint", nullable=False),
        *_texts("attributes"),
        *_trace(),
        *_texts("producer"),
        *_position(),
        **_PARTITIONED,
    )
    op.create_index("failed_attempts_by_task", "failed_attempts", ["task_id", "event_id"])
    op.create_index("failed_attempts_by_group", "failed_attempts", ["fingerprint", "event_id"])


def _step_attempts() -> None:
    op.create_table(
        "step_attempts",
        *_beginning(),
        *_texts("state", nullable=False),
        *_step(),
        *_times(),
        *_texts("depends_on", "error_class", "fingerprint"),
        *_trace(),
        **_PARTITIONED,
    )
    op.create_index("step_attempts_by_task", "step_attempts", ["task_id", "event_id"])
    op.create_index("step_attempts_by_step", "step_attempts", ["step_name", "event_id"])
    op.create_index("step_attempts_by_correlation", "step_attempts", ["correlation_id", "event_id"])


def _custom_events() -> None:
    op.create_table(
        "custom_events",
        *_beginning(),
        *_texts("task_id", "task_name", "record_key", "attributes"),
        *_trace(),
        *_position(),
        **_PARTITIONED,
    )
    op.create_index("custom_events_by_task", "custom_events", ["task_id", "event_id"])
    op.create_index("custom_events_by_name", "custom_events", ["event_name", "event_id"])


def _payloads() -> None:
    op.create_table(
        "payloads",
        *_beginning(),
        *_texts("task_id", nullable=False),
        *_texts("step_id"),
        *_numbers("attempt_number"),
        *_texts("step_inputs", "step_results", "context"),
        **_PARTITIONED,
    )
    op.create_index("payloads_by_task", "payloads", ["task_id", "event_id"])


def _task_stats() -> None:
    op.create_table(
        "task_stats",
        *_texts("task_id", primary_key=True),
        *_texts("task_name"),
        *_texts("status", nullable=False),
        *_texts("trace_id"),
        *_long("created_at", "started_at", "completed_at"),
        *_long("last_event_at", nullable=False),
        *_decimals("queue_time_s", "duration_s"),
        *_numbers(
            "total_steps", "completed_steps", "failed_steps", "cancelled_steps", "pending_steps", "attempts", "retries",
            nullable=False,
        ),
        *_decimals("step_time_s", nullable=False),
        *_decimals("parallelism"),
        *_texts("longest_step"),
        *_decimals("longest_step_s"),
        *_texts("critical_path"),
        *_decimals("critical_path_s"),
        *_texts("first_error"),
        *_long("revision", nullable=False),
    )  # fmt: skip
    op.create_index("task_stats_by_time", "task_stats", ["last_event_at", "task_id"])
    op.create_index("task_stats_by_name", "task_stats", ["task_name", "last_event_at", "task_id"])
    op.create_index("task_stats_by_status", "task_stats", ["status", "last_event_at", "task_id"])
    op.create_index("task_stats_by_trace", "task_stats", ["trace_id"])


def _dead_letters() -> None:
    op.create_table(
        "dead_letters",
        *_texts("letter_topic", primary_key=True),
        *_numbers("letter_partition", primary_key=True),
        *_long("letter_offset", primary_key=True),
        *_long("arrived_at", nullable=False),
        *_texts("group_name", "reason", "message", nullable=False),
        *_texts("exception", "record_key"),
        *_numbers("attempts", nullable=False),
        *_long("size_bytes", nullable=False),
        *_position(),
    )
    op.create_index("dead_letters_by_time", "dead_letters", ["arrived_at"])


def _error_groups() -> None:
    op.create_table(
        "error_groups",
        *_texts("fingerprint", primary_key=True),
        *_numbers("version", nullable=False),
        *_texts("reason", "title", nullable=False),
        *_texts("error_class"),
        *_texts("parts", nullable=False),
    )
    op.create_table(
        "error_counts",
        *_texts("fingerprint", primary_key=True),
        *_long("hour", primary_key=True),
        *_texts("dimension", primary_key=True),
        *_texts("task_name", "step_name", "service", "service_version"),
        *_long("count", "first_at", "last_at", nullable=False),
    )
    op.create_index("error_counts_by_hour", "error_counts", ["hour"])
