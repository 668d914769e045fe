"""The partitions of PostgreSQL's event tables: a day each, made ahead, and a default for ids of odd times.

A day's partition is made as a table of its own and then attached, which locks only the default partition. Rows of that
day that are in the default already, such as those of a clock that went ahead, move into it.
"""

import re
import time
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

import psycopg

from tasker_consumers.store import tables
from tasker_consumers.store.core.event_keys import first_key
from tasker_consumers.units import DAY_US

#: Serializes those who make and drop partitions.
LOCK_ID = 0x7461736B6461  # "taskda"
#: Days with a partition of their own: from so many days ago until so many ahead. Others are in the default.
DAYS_BACK, DAYS_AHEAD = 400, 2
#: Milliseconds for which a drop waits for readers, seconds in which it lets others pass, and how often it tries.
_LOCK_MS, _PAUSE_S, _TRIES = 50, 0.1, 200
_NAME = re.compile(r"_(\d{4})(\d\d)(\d\d)$")
_EPOCH = date(1970, 1, 1)


def today() -> int:
    """Return the present day, in days since 1970, UTC."""
    return time.time_ns() // 1000 // DAY_US


class Days:
    """The days that are known to have their partitions."""

    def __init__(self) -> None:
        self._made: set[int] = set()
        self._forgone: set[int] = set()

    def forget(self) -> None:
        """Forget those that were made: somebody may have dropped some."""
        self._made.clear()

    def missing(self, days: Collection[int]) -> list[int]:
        """Return the days that may still need a partition, with those to make ahead."""
        present = today()
        ahead = {present, present + 1}
        unknown = {*days, *ahead} - self._made - self._forgone
        return sorted(day for day in unknown if present - DAYS_BACK <= day <= present + DAYS_AHEAD)

    def forgo(self, days: Iterable[int]) -> None:
        """Leave days to somebody else: this user may not make partitions."""
        self._forgone.update(days)

    def make(self, connection: psycopg.Connection[Any], days: Iterable[int]) -> None:
        """Make the partitions of days in all event tables; those that exist stay as they are."""
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_ID,))
        for table in tables.EVENT_TABLES:
            present = partitions_of(connection, table.name)
            for day in days:
                if day not in present:
                    _make(connection, table.name, day)
        self._made.update(days)


def make_days_ahead(connection: psycopg.Connection[Any], count: int) -> None:
    """Make the partitions of the present day and of the next days, for workers that may not."""
    Days().make(connection, range(today(), today() + count + 1))


def partitions_of(connection: psycopg.Connection[Any], table: str) -> dict[int, str]:
    """Return the partitions of a table by day, the default left out."""
    rows = connection.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass",
        (table,),
    ).fetchall()
    return {_day_in(match): name for (name,) in rows if (match := _NAME.search(name))}


def drop_before(connection: psycopg.Connection[Any], table: str, day: int) -> int:
    """Drop the partitions of the days before `day`, and return their number.

    The connection is in autocommit mode: each day is a transaction, and locks the table no longer than it lasts.
    """
    old = [name for number, name in partitions_of(connection, table).items() if number < day]
    for name in old:
        _drop(connection, name)
    return len(old)


def partition_name(table: str, day: int) -> str:
    """Return the name of a day's partition.

    >>> partition_name("payloads", 20_000)
    'payloads_20241004'
    """
    return f"{table}_{_EPOCH + timedelta(days=day):%Y%m%d}"


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    """Drop a partition in a moment in which nobody reads its table.

    All others wait behind a drop that waits for a reader. So it lets them pass and tries again, and waits at last.
    """
    for _ in range(_TRIES):
        try:
            connection.execute(_drop_request(name, _LOCK_MS))
        except psycopg.errors.LockNotAvailable:
            time.sleep(_PAUSE_S)
        else:
            return
    connection.execute(_drop_request(name, 0))


def _drop_request(name: str, wait_ms: int) -> str:
    """Return statements that are sent together: a transaction that ends without a further request."""
    lock = f"SELECT pg_advisory_xact_lock({LOCK_ID})"
    return f'{lock}; SET LOCAL lock_timeout = {wait_ms}; DROP TABLE IF EXISTS "{name}"'


def _day_in(match: re.Match[str]) -> int:
    return (date(int(match[1]), int(match[2]), int(match[3])) - _EPOCH).days


def _make(connection: psycopg.Connection[Any], table: str, day: int) -> None:
    name, low, high = partition_name(table, day), first_key(day * DAY_US), first_key((day + 1) * DAY_US)
    connection.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
    connection.execute(
        f"WITH moved AS (DELETE FROM {table}_default WHERE event_id >= '{low}' AND event_id < '{high}' RETURNING *) "  # noqa: S608
        f"INSERT INTO {name} SELECT * FROM moved"
    )
    connection.execute(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{low}') TO ('{high}')")
