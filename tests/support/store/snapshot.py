"""All rows of a store, to be compared."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, select

from tasker_consumers.store import tables


def snapshot(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return the sorted rows of each table but the positions."""
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in tables.metadata.sorted_tables
            if table is not tables.positions
        }
