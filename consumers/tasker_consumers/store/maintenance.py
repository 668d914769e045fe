"""Retention, and making the store anew: `tasker store prune` and `rebuild`, and the worker's own housekeeping."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from tasker_consumers.store import tables
from tasker_consumers.store.core.event_keys import first_key
from tasker_consumers.store.core.retention import Retention
from tasker_consumers.store.database import database_errors, is_sqlite
from tasker_consumers.units import DAY_US, HOUR_US

#: Rows that a DELETE takes at a time, so that no lock lasts.
_CHUNK = 5000
#: Days that `tasker store migrate` makes partitions for.
_DAYS_AHEAD = 30


@dataclass(frozen=True, slots=True)
class Pruned:
    """What retention removed: partitions of days in PostgreSQL, and rows."""

    days: int = 0
    rows: int = 0

    def __add__(self, other: "Pruned") -> "Pruned":
        """Return both together."""
        return Pruned(self.days + other.days, self.rows + other.rows)


def prune(engine: Engine, retention: Retention, now_us: int) -> Pruned:
    """Remove what is older than the retention, a day at a time, and return the amount."""
    cutoff, payload_cutoff = retention.cutoff(now_us), retention.payload_cutoff(now_us)
    pruned = Pruned()
    with database_errors(engine):
        for table in tables.EVENT_TABLES:
            first = payload_cutoff if table is tables.payloads else cutoff
            if first:
                pruned += _drop_days(engine, table.name, first)
                pruned += _delete(engine, table, table.c.event_id < first_key(first))
        if cutoff:
            counts = tables.error_counts
            pruned += _delete(engine, counts, counts.c.hour < cutoff // HOUR_US * HOUR_US)
            pruned += _delete(engine, tables.error_days, tables.error_days.c.day < cutoff)
            unused = ~sa.exists().where(counts.c.fingerprint == tables.error_groups.c.fingerprint)
            pruned += _delete(engine, tables.error_groups, unused)
            pruned += _delete(engine, tables.task_stats, tables.task_stats.c.last_event_at < cutoff)
            pruned += _delete(engine, tables.dead_letters, tables.dead_letters.c.arrived_at < cutoff)
        _tidy(engine)
    return pruned


def make_days_ahead(engine: Engine) -> None:
    """Make the partitions of the next days in PostgreSQL: a worker whose user owns no table cannot."""
    if is_sqlite(engine):
        return
    from tasker_consumers.store.writing import partitions  # noqa: PLC0415  SQLite needs no psycopg

    with database_errors(engine), engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        partitions.make_days_ahead(driver, _DAYS_AHEAD)


def forget_positions(engine: Engine) -> None:
    """Have the group read its topics from their beginning; rows stay, and no row is written twice."""
    with database_errors(engine), engine.begin() as connection:
        connection.execute(tables.positions.delete())


def empty(engine: Engine) -> None:
    """Remove all rows and all positions."""
    with database_errors(engine), engine.begin() as connection:
        for table in tables.metadata.sorted_tables:
            if is_sqlite(engine):
                connection.execute(table.delete())
            else:
                connection.exec_driver_sql(f"TRUNCATE {table.name}")


def row_counts(engine: Engine) -> Mapping[str, int]:
    """Return the number of rows of each table: exact in SQLite, PostgreSQL's own estimate there."""
    with database_errors(engine), engine.connect() as connection:
        return {
            table.name: _rows(connection, table.name, exact=is_sqlite(engine))
            for table in tables.metadata.sorted_tables
        }


def miscounted(engine: Engine, since: int) -> list[str]:
    """Return the fingerprints whose counts since the day of a time (microseconds) are not those of their rows."""
    day = since // DAY_US * DAY_US
    failures, hours, days = tables.failed_attempts.c, tables.error_counts.c, tables.error_days.c
    queries = (
        sa.select(failures.fingerprint, sa.func.count()).where(failures.event_id >= first_key(day)),
        sa.select(hours.fingerprint, sa.func.sum(hours.count)).where(hours.hour >= day),
        sa.select(days.fingerprint, sa.func.sum(days.count)).where(days.day >= day),
    )
    with database_errors(engine), engine.connect() as connection:
        rows, *counted = (
            {name: int(count) for name, count in connection.execute(query.group_by(query.selected_columns.fingerprint))}
            for query in queries
        )
    return sorted({name for counts in counted for name, _ in counts.items() ^ rows.items()})


def _rows(connection: Connection, table: str, *, exact: bool) -> int:
    if exact:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608
    estimate = (
        "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0) FROM pg_class c "
        "WHERE c.oid = CAST(:name AS regclass) OR c.oid IN "
        "(SELECT inhrelid FROM pg_inherits WHERE inhparent = CAST(:name AS regclass))"
    )
    return int(connection.execute(sa.text(estimate), {"name": table}).scalar_one())


def _drop_days(engine: Engine, table: str, first: int) -> Pruned:
    if is_sqlite(engine):
        return Pruned()
    from tasker_consumers.store.writing.partitions import drop_before  # noqa: PLC0415  SQLite needs no psycopg

    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver: Any = connection.connection.driver_connection
        return Pruned(days=drop_before(driver, table, first // DAY_US))


def _delete(engine: Engine, table: sa.Table, condition: Any) -> Pruned:
    """Delete rows in chunks, each in a transaction of its own."""
    deleted = 0
    key = list(table.primary_key)
    old = sa.select(*key).where(condition).limit(_CHUNK)
    statement = table.delete().where(sa.tuple_(*key).in_(old) if len(key) > 1 else key[0].in_(old))
    while True:
        with engine.begin() as connection:
            count = connection.execute(statement).rowcount
        deleted += count
        if count < _CHUNK:
            return Pruned(rows=deleted)


def _tidy(engine: Engine) -> None:
    """Give free pages of SQLite back; have PostgreSQL look at partitioned tables, which it never does by itself."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if is_sqlite(engine):
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA incremental_vacuum").fetchall()  # each row that is fetched gives a page back
            return
        for table in tables.EVENT_TABLES:
            connection.exec_driver_sql(f"ANALYZE {table.name}")
