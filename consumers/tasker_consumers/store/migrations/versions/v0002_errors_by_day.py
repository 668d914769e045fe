"""Failures counted by day, made of those that were counted by hour."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_DAY_US = 24 * 3600 * 1_000_000


def upgrade() -> None:
    """Make the table, and add up the hours that are there."""
    op.create_table(
        "error_days",
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("day", sa.BigInteger, primary_key=True),
        sa.Column("dimension", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text) for name in ("task_name", "step_name", "service", "service_version")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("count", "first_at", "last_at")),
    )
    op.create_index("error_days_by_day", "error_days", ["day"])
    op.execute(
        f"INSERT INTO error_days SELECT fingerprint, hour / {_DAY_US} * {_DAY_US}, dimension, min(task_name), "  # noqa: S608
        "min(step_name), min(service), min(service_version), sum(count), min(first_at), max(last_at) "
        "FROM error_counts GROUP BY 1, 2, 3"
    )
