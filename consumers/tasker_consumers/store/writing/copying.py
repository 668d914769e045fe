"""Rows into PostgreSQL by binary COPY: facts straight into their tables, all others by way of a staging table.

Facts are looked up first, and only those that are not there are copied: INSERT … ON CONFLICT takes each row by itself,
and was half as fast as COPY. Two writers of the same fact, such as a worker that was cut off and its successor, meet in
the unique index: the second fails, and finds the fact there when it tries again.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import BigInteger, Column, Double, Integer, Table, Text, Uuid

from tasker_consumers.store.core.batch import Row
from tasker_consumers.store.writing.statements import columns_of, on_conflict

_TYPES: Mapping[type[Any], str] = {BigInteger: "int8", Integer: "int4", Double: "float8", Text: "text", Uuid: "uuid"}


def copy_new_facts(connection: psycopg.Connection[Any], table: Table, rows: Mapping[str, Row]) -> Collection[str]:
    """Copy the rows whose event ids are not in a table yet, and return these ids.

    Raises UniqueViolation when another transaction writes one of them at the same time.
    """
    if not rows:
        return ()
    # The bounds leave out all other partitions; the list alone would be compared with each of them.
    present = connection.execute(
        f"SELECT event_id::text FROM {table.name} "  # noqa: S608  names of ours
        "WHERE event_id = ANY(%s::uuid[]) AND event_id >= %s::uuid AND event_id <= %s::uuid",
        (list(rows), min(rows), max(rows)),
    ).fetchall()
    stored = {key for (key,) in present}
    missing = [key for key in rows if key not in stored] if stored else rows
    _copy(connection, table, table.name, [(UUID(key), *rows[key][1:]) for key in missing])
    return missing


class StagedRows:
    """Upserts rows through staging tables, which a connection makes at their first use."""

    def __init__(self) -> None:
        self._made: set[str] = set()

    def forget(self) -> None:
        """Forget the staging tables: they end with their connection."""
        self._made.clear()

    def upsert(self, connection: psycopg.Connection[Any], table: Table, rows: Sequence[Row]) -> int:
        """Insert or update rows, in their order, and return how many are new or changed."""
        if not rows:
            return 0
        staging, columns = f"staging_{table.name}", ", ".join(columns_of(table))
        if staging not in self._made:
            shape = f"SELECT {columns} FROM {table.name} WITH NO DATA"  # noqa: S608  names of ours
            connection.execute(f"CREATE TEMPORARY TABLE {staging} ON COMMIT DELETE ROWS AS {shape}")
            self._made.add(staging)
        _copy(connection, table, staging, rows)
        transfer = f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {staging}"  # noqa: S608  names of ours
        return connection.execute(f"{transfer} {on_conflict(table)}").rowcount


def _copy(connection: psycopg.Connection[Any], table: Table, target: str, rows: Sequence[Row]) -> None:
    """Copy rows, in the order of a table's columns, into the table of the name `target`."""
    if not rows:
        return
    statement = f"COPY {target} ({', '.join(columns_of(table))}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types([_type_of(column) for column in table.columns])
        for row in rows:
            copy.write_row(row)


def _type_of(column: Column[Any]) -> str:
    return _TYPES[type(column.type)]
