"""Writes batches into SQLite: a transaction of many inserts, which waits for other writers."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any

from sqlalchemy import Engine

from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Batch, Partition, Row
from tasker_consumers.store.core.error_counts import counts_of, days_of_counts
from tasker_consumers.store.database import database_errors
from tasker_consumers.store.writing.statements import (
    SELECT_POSITIONS,
    columns_of,
    on_conflict,
    position_rows,
    stored_positions,
)
from tasker_consumers.store.writing.writer import StoredPosition

_KEYS_IN_A_QUERY = 500


class SqliteWriter:
    """See `StoreWriter`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._handle: Any = None
        self._connection: sqlite3.Connection | None = None
        self._inserts = {
            table.name: f"INSERT INTO {table.name} ({', '.join(columns_of(table))}) "  # noqa: S608  names of ours
            f"VALUES ({', '.join('?' * len(table.columns))}) {on_conflict(table, least='min', greatest='max')}"
            for table in tables.metadata.sorted_tables
        }

    def positions(self) -> dict[Partition, StoredPosition]:
        """See `StoreWriter`."""
        with self._transaction() as connection:
            return stored_positions(connection.execute(SELECT_POSITIONS).fetchall())

    def write(self, batch: Batch, topic_ids: Mapping[str, str]) -> int:
        """See `StoreWriter`."""
        positions = position_rows(batch, topic_ids)
        with self._transaction() as connection:
            before = connection.total_changes
            failures = dict(batch.failed_attempts)
            for key in list(_present(connection, failures)):
                del failures[key]
            for name, rows in batch.rows().items():
                self._insert(connection, name, rows.values())
            changed = connection.total_changes - before
            counts = counts_of(failures.values())
            self._insert(connection, tables.error_counts.name, counts)
            self._insert(connection, tables.error_days.name, days_of_counts(counts))
            self._insert(connection, tables.positions.name, positions)
        return changed

    def close(self) -> None:
        """See `StoreWriter`."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _insert(self, connection: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
        connection.executemany(self._inserts[table], rows)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with database_errors(self._engine):
            try:
                connection = self._open()
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self.close()  # which rolls back
                raise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._handle = self._engine.raw_connection()
            connection = self._handle.driver_connection
            self._handle.detach()  # it is this writer's for as long as it works
            assert isinstance(connection, sqlite3.Connection)
            connection.isolation_level = None  # transactions begin where this module says
            self._connection = connection
        return self._connection


def _present(connection: sqlite3.Connection, failures: Mapping[str, Row]) -> Iterator[str]:
    """Yield the keys of failed attempts that are there already."""
    keys = iter(failures)
    while part := list(islice(keys, _KEYS_IN_A_QUERY)):
        marks = ", ".join("?" * len(part))
        query = f"SELECT event_id FROM failed_attempts WHERE event_id IN ({marks})"  # noqa: S608  marks only
        yield from (row[0] for row in connection.execute(query, part).fetchall())
