"""Rows into PostgreSQL: facts by COPY straight into their tables, others by INSERT … ON CONFLICT.

INSERT … ON CONFLICT takes each row by itself, and was half as fast as COPY. So facts are copied as if all were new. The
unique index ends that at the first fact that is there already: then the batch came before, and only the facts that
are missing are copied. Two writers of the same fact, such as a worker that was cut off and its successor, meet in the
unique index, too: the second waits for the first, and finds the fact there when it tries again.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from sqlalchemy import BigInteger, Column, Double, Integer, Table, Text

from tasker_consumers.store.core.batch import Row
from tasker_consumers.store.writing.statements import columns_of, on_conflict

#: Rows that are inserted without a staging table.
_FEW = 200
_TYPES: Mapping[type[Any], str] = {BigInteger: "int8", Integer: "int4", Double: "float8", Text: "text"}


def copy_new_facts(connection: psycopg.Connection[Any], table: Table, rows: Mapping[str, Row]) -> Collection[str]:
    """Copy the rows whose event ids are not in a table yet, and return these ids.

    Raises UniqueViolation when another transaction writes one of them at the same time.
    """
    if not rows:
        return ()
    with suppress(psycopg.errors.UniqueViolation), connection.transaction():
        _copy_facts(connection, table, rows.values())
        return rows.keys()
    # The bounds leave out all other partitions; the list alone would be compared with each of them.
    present = connection.execute(
        f"SELECT event_id::text FROM {table.name} "  # noqa: S608  names of ours
        "WHERE event_id = ANY(%s::uuid[]) AND event_id >= %s::uuid AND event_id <= %s::uuid",
        (list(rows), min(rows), max(rows)),
    ).fetchall()
    stored = {key for (key,) in present}
    missing = {key: row for key, row in rows.items() if key not in stored}
    _copy_facts(connection, table, missing.values())
    return missing.keys()


def _copy_facts(connection: psycopg.Connection[Any], table: Table, rows: Collection[Row]) -> None:
    """Copy rows as text: an id need not become a UUID for that."""
    if rows:
        statement = f"COPY {table.name} ({', '.join(columns_of(table))}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)


class StagedRows:
    """Upserts rows: few by statements in a pipeline, many through a staging table made at its first use."""

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
        if len(rows) <= _FEW:
            marks = ", ".join(["%s"] * len(table.columns))
            with connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks}) {on_conflict(table)}", rows)  # noqa: S608
                return cursor.rowcount
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
