"""Writes batches into PostgreSQL: a transaction of COPYs for each, into the partitions of their days."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from sqlalchemy import Engine, Table

from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Batch, Partition, Row
from tasker_consumers.store.core.error_counts import counts_of, days_of_counts
from tasker_consumers.store.core.event_keys import days_of
from tasker_consumers.store.database import database_errors
from tasker_consumers.store.writing.copying import FactCopier, KeyDumper, StagedRows
from tasker_consumers.store.writing.partitions import Days
from tasker_consumers.store.writing.statements import SELECT_POSITIONS, position_rows, stored_positions
from tasker_consumers.store.writing.writer import StoredPosition
from tasker_schemas.errors import BackendUnavailable, ConfigurationError

logger = logging.getLogger(__name__)

#: Times in a row that another writer may write parts of a batch first. That a batch was written before is none.
_RIVALRIES = 3
_EVENT_TABLES = tuple(table.name for table in tables.EVENT_TABLES)
_OTHER_TABLES = (tables.dead_letters, tables.error_groups, tables.task_stats)


class PostgresWriter:
    """See `StoreWriter`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._handle: Any = None
        self._connection: psycopg.Connection[Any] | None = None
        self._facts = FactCopier()
        self._staged = StagedRows()
        self._days = Days()

    def positions(self) -> dict[Partition, StoredPosition]:
        """See `StoreWriter`."""
        with self._transaction() as connection:
            return stored_positions(connection.execute(SELECT_POSITIONS).fetchall())

    def write(self, batch: Batch, topic_ids: Mapping[str, str]) -> int:
        """See `StoreWriter`."""
        positions = position_rows(batch, topic_ids)
        self._make_days(batch)
        rivalries = 0
        while rivalries < _RIVALRIES:
            try:
                changed = self._write(batch, positions)
            except psycopg.errors.UniqueViolation:
                rivalries += self._facts.is_replay  # those of a redelivery were not looked for: an ordinary event
                self._facts.is_replay = True
            else:
                self._facts.is_replay = self._facts.is_replay and 2 * changed < len(batch)
                return changed
        raise BackendUnavailable("another worker writes the same events at the same time")

    def _write(self, batch: Batch, positions: Sequence[Row]) -> int:
        with self._transaction() as connection:
            copied, failures = 0, list[Row]()
            for table in tables.EVENT_TABLES:
                summarize = counts_of if table is tables.failed_attempts else _nothing
                count, counts = self._facts.copy(connection, table, batch.rows()[table.name], summarize)
                copied += count
                failures += counts
            counted = {tables.error_counts: failures, tables.error_days: days_of_counts(failures)}
            upserted = self._staged.upsert(connection, {**counted, **_others(batch), tables.positions: positions})
        return copied + sum(upserted.get(table, 0) for table in _OTHER_TABLES)

    def close(self) -> None:
        """See `StoreWriter`."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
            self._staged.forget()

    def _make_days(self, batch: Batch) -> None:
        """Make the partitions of the batch's days, in a transaction of their own."""
        days = days_of(key for name in _EVENT_TABLES for key in batch.rows()[name])
        if missing := self._days.missing(days):
            try:
                with self._transaction() as connection:
                    self._days.make(connection, missing)
            except ConfigurationError as error:
                if not isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                    raise
                # Rows of these days wait in the default partition until the owner makes theirs, and move there then.
                self._days.forgo(missing)
                logger.warning(
                    "No partitions for %d day(s): %s; the owner's `tasker store migrate` makes days ahead",
                    len(missing),
                    error,
                )

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[Any]]:
        with database_errors(self._engine):
            try:
                connection = self._open()
                with connection.transaction():
                    yield connection
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
            connection.rollback()
            connection.autocommit = True  # transactions begin where this module says
            connection.adapters.register_dumper(None, KeyDumper)  # by the type of the column alone
            self._connection = connection
        return self._connection


def _others(batch: Batch) -> dict[Table, list[Row]]:
    """Return the rows that are no events, in the order of their keys: two workers must not wait for each other."""
    rows = batch.rows()
    return {table: [rows[table.name][key] for key in sorted(rows[table.name])] for table in _OTHER_TABLES}


def _nothing(_rows: Collection[Row]) -> list[Row]:
    return []
