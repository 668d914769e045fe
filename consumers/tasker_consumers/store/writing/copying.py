"""Rows into PostgreSQL: facts by binary COPY straight into their tables, others by INSERT … ON CONFLICT.

INSERT … ON CONFLICT takes each row by itself, and was half as fast as COPY. So facts are copied as if all were new. The
unique index ends that at the first fact that is there already: then the batch came before, and the writer tries it
again, with the facts alone that are missing. Two writers of the same fact, such as a worker that was cut off and its
successor, meet in the unique index, too: the second waits for the first, and finds the fact there when it tries again.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import postgres
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy import BigInteger, Column, Double, Integer, Table, Text, Uuid

from tasker_consumers.store.core.batch import Row
from tasker_consumers.store.writing.statements import columns_of, on_conflict

T = TypeVar("T")

#: Rows that are inserted without a staging table.
_FEW = 200
_TYPES: Mapping[type[Any], str] = {BigInteger: "int8", Integer: "int4", Double: "float8", Text: "text", Uuid: "uuid"}


class KeyDumper(Dumper):
    """Sends the text of an event id as the 16 bytes of a UUID; psycopg's own dumper takes no text."""

    format = Format.BINARY
    oid = postgres.types["uuid"].oid

    def dump(self, obj: str) -> bytes:
        """Return the bytes of an id."""
        return bytes.fromhex(obj.replace("-", ""))


class FactCopier:
    """Copies facts that are not in a table yet."""

    def __init__(self) -> None:
        #: Whether facts are looked for before they are copied: the last batch, or the one that is tried again, came
        #: before.
        self.is_replay = False

    def copy(
        self,
        connection: psycopg.Connection[Any],
        table: Table,
        rows: Mapping[str, Row],
        summarize: Callable[[Collection[Row]], T],
    ) -> tuple[int, T]:
        """Copy the rows whose event ids are not in a table yet; return their number, and `summarize` of them.

        Raises UniqueViolation when a row is there, and `is_replay` did not say so, or another transaction writes it at
        the same time: the whole transaction is to be tried again.
        """
        if not rows:
            return 0, summarize(())
        if not self.is_replay:
            return len(rows), _copy_facts(connection, table, rows.values(), summarize)
        missing = _missing(connection, table, rows)
        return len(missing), _copy_facts(connection, table, missing, summarize)


def _missing(connection: psycopg.Connection[Any], table: Table, rows: Mapping[str, Row]) -> Collection[Row]:
    # The bounds leave out all other partitions; the list alone would be compared with each of them.
    present = connection.execute(
        f"SELECT event_id::text FROM {table.name} "  # noqa: S608  names of ours
        "WHERE event_id = ANY(%s::uuid[]) AND event_id >= %s::uuid AND event_id <= %s::uuid",
        (list(rows), min(rows), max(rows)),
    ).fetchall()
    stored = {key for (key,) in present}
    return [row for key, row in rows.items() if key not in stored] if stored else rows.values()


def _copy_facts(
    connection: psycopg.Connection[Any], table: Table, rows: Collection[Row], summarize: Callable[[Collection[Row]], T]
) -> T:
    if not rows:
        return summarize(rows)
    with _copying(connection, table, table.name, rows):
        return summarize(rows)  # the server still inserts meanwhile


class StagedRows:
    """Upserts rows: few by a document of JSON, many through a staging table made at its first use."""

    def __init__(self) -> None:
        self._made: set[str] = set()

    def forget(self) -> None:
        """Forget the staging tables: they end with their connection."""
        self._made.clear()

    def upsert(
        self, connection: psycopg.Connection[Any], rows_by_table: Mapping[Table, Sequence[Row]]
    ) -> Mapping[Table, int]:
        """Insert or update rows, in the order of tables and rows, and return how many of each are new or changed."""
        given = {table: rows for table, rows in rows_by_table.items() if rows}
        for table, rows in given.items():
            if len(rows) > _FEW:
                self._stage(connection, table, rows)
        with connection.pipeline():  # which waits once for all answers
            cursors = {table: _insert(connection, table, rows) for table, rows in given.items()}
        return {table: cursor.rowcount for table, cursor in cursors.items()}

    def _stage(self, connection: psycopg.Connection[Any], table: Table, rows: Sequence[Row]) -> None:
        """Copy rows into the staging table."""
        staging = _staging(table)
        if staging not in self._made:
            shape = f"SELECT {_columns(table)} FROM {table.name} WITH NO DATA"  # noqa: S608  names of ours
            connection.execute(f"CREATE TEMPORARY TABLE {staging} ON COMMIT DELETE ROWS AS {shape}")
            self._made.add(staging)
        with _copying(connection, table, staging, rows):
            pass


def _insert(connection: psycopg.Connection[Any], table: Table, rows: Sequence[Row]) -> psycopg.Cursor[Any]:
    """Send the request to insert or update rows: few by a document of JSON, many from the staging table."""
    into = f"INSERT INTO {table.name} ({_columns(table)}) SELECT {_columns(table)} FROM"
    if len(rows) > _FEW:
        return connection.execute(f"{into} {_staging(table)} {on_conflict(table)}")
    # psycopg writes arrays in Python: they would take four times as long.
    records = f"json_populate_recordset(NULL::{table.name}, %s)"
    return connection.execute(f"{into} {records} {on_conflict(table)}", [_json_of(table, rows)])


def _columns(table: Table) -> str:
    return ", ".join(columns_of(table))


def _staging(table: Table) -> str:
    return f"staging_{table.name}"


@contextmanager
def _copying(connection: psycopg.Connection[Any], table: Table, target: str, rows: Iterable[Row]) -> Iterator[None]:
    """Send rows, in the order of a table's columns, into the table of the name `target`; the end of the block waits."""
    statement = f"COPY {target} ({', '.join(columns_of(table))}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types([_type_of(column) for column in table.columns])
        write_row = copy.write_row
        for row in rows:
            write_row(row)
        yield


def _json_of(table: Table, rows: Iterable[Row]) -> str:
    """Return rows as a list of objects."""
    documents = [dict(zip(table.columns.keys(), row, strict=True)) for row in rows]
    try:
        return json.dumps(documents, ensure_ascii=False, allow_nan=False)
    except ValueError:  # JSON lacks NaN and the infinities, PostgreSQL reads their names
        named = [{name: str(v) if isinstance(v, float) else v for name, v in row.items()} for row in documents]
        return json.dumps(named, ensure_ascii=False)


def _type_of(column: Column[Any]) -> str:
    return _TYPES[type(column.type)]
