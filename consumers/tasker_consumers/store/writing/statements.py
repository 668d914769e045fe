"""The statements that put rows into a table, for both databases."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Table

from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Batch, Partition, Row
from tasker_consumers.store.writing.writer import StoredPosition

SELECT_POSITIONS = "SELECT topic, partition, topic_id, next_offset FROM positions"
_BOUNDS = {"first_at": "least", "last_at": "greatest"}


def stored_positions(rows: Iterable[Row]) -> dict[Partition, StoredPosition]:
    """Return the answer of `SELECT_POSITIONS` by partition."""
    return {Partition(*row[:2]): StoredPosition(*row[2:]) for row in rows}


def position_rows(batch: Batch, topic_ids: Mapping[str, str]) -> list[Row]:
    """Return the rows of a batch's positions, in the order of their partitions."""
    return [(*key, topic_ids[key.topic], offset) for key, offset in sorted(batch.positions.items())]


def columns_of(table: Table) -> list[str]:
    """Return the names of a table's columns, quoted: `offset` is a word of SQL."""
    return [f'"{name}"' for name in table.columns.keys()]  # noqa: SIM118  a column collection is no mapping


def on_conflict(table: Table, *, least: str = "least", greatest: str = "greatest") -> str:
    """Return the clause for a row whose key is there already; `least` and `greatest` are functions of the database."""
    key = ", ".join(f'"{column.name}"' for column in table.primary_key)
    action = _action(table, {"least": least, "greatest": greatest})
    return f"ON CONFLICT ({key}) DO {action}"


def _action(table: Table, functions: dict[str, str]) -> str:
    if table is tables.task_stats:
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns_of(table))
        return f"UPDATE SET {changes} WHERE task_stats.revision < excluded.revision"
    if table in (tables.error_counts, tables.error_days):
        present = table.name
        bounds = [f"{name} = {functions[kind]}({present}.{name}, excluded.{name})" for name, kind in _BOUNDS.items()]
        return f"UPDATE SET {', '.join([f'count = {present}.count + excluded.count', *bounds])}"
    if table is tables.positions:
        furthest = f"{functions['greatest']}(positions.next_offset, excluded.next_offset)"
        return (
            "UPDATE SET topic_id = excluded.topic_id, next_offset = CASE "
            f"WHEN positions.topic_id = excluded.topic_id THEN {furthest} ELSE excluded.next_offset END"
        )
    return "NOTHING"
