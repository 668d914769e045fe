"""Writes batches into PostgreSQL: binary COPY into staging tables, then INSERT … ON CONFLICT from there.

Rows of the newest days reach small partitions, whose indexes stay warm: see docs/decisions/0038 for figures.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from sqlalchemy import BigInteger, Column, Double, Engine, Integer, Table, Text

from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Batch, Partition, Row
from tasker_consumers.store.core.error_counts import counts_of
from tasker_consumers.store.core.event_keys import day_of
from tasker_consumers.store.database import database_errors
from tasker_consumers.store.writing.partitions import Days
from tasker_consumers.store.writing.statements import columns_of, on_conflict
from tasker_consumers.store.writing.writer import StoredPosition

_TYPES: dict[type[Any], str] = {BigInteger: "int8", Integer: "int4", Double: "float8", Text: "text"}


class PostgresWriter:
    """See `StoreWriter`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._handle: Any = None
        self._connection: psycopg.Connection[Any] | None = None
        self._staged: set[str] = set()
        self._days = Days()

    def positions(self) -> dict[Partition, StoredPosition]:
        """See `StoreWriter`."""
        with self._transaction() as connection:
            rows = connection.execute("SELECT topic, partition, topic_id, next_offset FROM positions").fetchall()
        return {Partition(*row[:2]): StoredPosition(*row[2:]) for row in rows}

    def write(self, batch: Batch, topic_ids: Mapping[str, str]) -> int:
        """See `StoreWriter`."""
        positions = [(*key, topic_ids[key.topic], offset) for key, offset in sorted(batch.positions.items())]
        self._make_days(batch)
        with self._transaction() as connection:
            inserted = self._insert(connection, tables.failed_attempts, batch.failed_attempts.values(), returning=True)
            changed = len(inserted)
            for name, rows in batch.rows().items():
                if name != tables.failed_attempts.name:
                    ordered = sorted(rows.items()) if rows and name not in _EVENT_TABLES else rows.items()
                    changed += len(self._insert(connection, tables.metadata.tables[name], [row for _, row in ordered]))
            counts = counts_of(batch.failed_attempts[key] for key in inserted)
            self._insert(connection, tables.error_counts, counts)
            self._insert(connection, tables.positions, positions)
        return changed

    def close(self) -> None:
        """See `StoreWriter`."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
            self._staged.clear()

    def _make_days(self, batch: Batch) -> None:
        """Make the partitions of the batch's days, in a transaction of their own."""
        days = {day_of(key) for name in _EVENT_TABLES for key in batch.rows()[name]}
        if missing := self._days.missing(days):
            with self._transaction() as connection:
                self._days.make(connection, missing)

    def _insert(
        self, connection: psycopg.Connection[Any], table: Table, rows: Collection[Row], *, returning: bool = False
    ) -> Collection[str]:
        """Insert rows in their order; return the keys of those that are new with `returning`, else a range as long."""
        if not rows:
            return ()
        staging = self._stage(connection, table)
        columns = ", ".join(columns_of(table))
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY {staging} ({columns}) FROM STDIN (FORMAT BINARY)") as copy:  # type: ignore[call-overload,unused-ignore]
                copy.set_types([_staged_type(column) for column in table.columns])
                for row in rows:
                    copy.write_row(row)
            cursor.execute(_transfer(table, staging) + (" RETURNING event_id::text" if returning else ""))
            return [row[0] for row in cursor] if returning else range(cursor.rowcount)  # type: ignore[return-value]

    def _stage(self, connection: psycopg.Connection[Any], table: Table) -> str:
        """Return the staging table of a table, made at the first use of a connection."""
        staging = f"staging_{table.name}"
        if staging not in self._staged:
            casts = ", ".join(
                f"{name}::{_staged_type(column)} AS {name}"
                for name, column in zip(columns_of(table), table.columns, strict=True)
            )
            shape = f"SELECT {casts} FROM {table.name} WITH NO DATA"  # noqa: S608  names of ours
            connection.execute(f"CREATE TEMPORARY TABLE {staging} ON COMMIT DELETE ROWS AS {shape}")
            self._staged.add(staging)
        return staging

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[Any]]:
        with database_errors(self._engine):
            try:
                connection = self._open()
                yield connection
                connection.commit()
            except BaseException:
                self.close()  # which rolls back
                raise

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._days.forget()
            self._handle = self._engine.raw_connection()
            connection = self._handle.driver_connection
            self._handle.detach()  # it is this writer's for as long as it works
            assert isinstance(connection, psycopg.Connection)
            self._connection = connection
        return self._connection


_EVENT_TABLES = tuple(table.name for table in tables.EVENT_TABLES)


def _staged_type(column: Column[Any]) -> str:
    """Return the type of a staged value: ids are staged as text, which psycopg sends without a detour."""
    return _TYPES.get(type(column.type), "text")


def _transfer(table: Table, staging: str) -> str:
    columns = ", ".join(columns_of(table))
    values = ", ".join(
        f"{name}::uuid" if name == '"event_id"' and table in tables.EVENT_TABLES else name for name in columns_of(table)
    )
    return f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM {staging} {on_conflict(table)}"  # noqa: S608
