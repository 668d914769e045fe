"""What a task waits for, beside its status."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_WAITS = "waiting_for IS NOT NULL"


def upgrade() -> None:
    """Add the columns, which are empty for the tasks that are there, and the index of the tasks that wait."""
    for name, kind in (
        ("waiting_for", sa.Text),
        ("waiting_since", sa.BigInteger),
        ("waiting_until", sa.BigInteger),
        ("waiting_step", sa.Text),
    ):
        op.add_column("task_stats", sa.Column(name, kind))
    op.create_index(
        "task_stats_that_wait",
        "task_stats",
        ["last_event_at", "task_id"],
        postgresql_where=sa.text(_WAITS),
        sqlite_where=sa.text(_WAITS),
    )
