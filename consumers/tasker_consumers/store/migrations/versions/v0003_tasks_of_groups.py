"""The index of failures by group has their tasks, so that these are counted without reading the failures."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the index anew with the id of the task."""
    op.drop_index("failed_attempts_by_group", "failed_attempts")
    op.create_index("failed_attempts_by_group", "failed_attempts", ["fingerprint", "event_id", "task_id"])
