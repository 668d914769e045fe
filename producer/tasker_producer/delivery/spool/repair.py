"""Puts a spool database that is damaged, or of another version, aside, and reads all rows of it that can be read."""

import os
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.host.process import no_fork
from tasker_producer.delivery.spool.database import is_damage
from tasker_producer.delivery.spool.directory import move_aside
from tasker_producer.delivery.spool.file import SpoolFile
from tasker_producer.delivery.spool.rows import SpooledRecord, read_row

_PIECE = 200
_MAX_MISSES = 10_000
_SELECT = "SELECT id, topic, key, value, headers, size, {crc} FROM records WHERE id "


def open_or_repair(path: Path, lock: int, topics: Collection[str] | None, drop_log: DropLog) -> SpoolFile:
    """Return a spool file whose lock is held; where it is damaged, a new file with the rows that can be read.

    Raises OSError or sqlite3.Error when the disk fails; the lock is then free.
    """
    try:
        return SpoolFile(path, lock, topics)
    except (OSError, sqlite3.Error) as error:
        if not is_damage(error):
            os.close(lock)
            raise
        return repair(path, lock, topics, drop_log, error)


def repair(path: Path, lock: int, topics: Collection[str] | None, drop_log: DropLog, error: Exception) -> SpoolFile:
    """Put a file aside, and return a new file of its name with the rows that can be read.

    Raises OSError or sqlite3.Error when the disk fails; the lock is then free.
    """
    try:
        aside = move_aside(path)
        file = SpoolFile(path, lock, topics)
        for records in readable_records(aside, topics):
            file.append(records)
    except (OSError, sqlite3.Error):
        os.close(lock)
        raise
    drop_log.log(
        f"spool {path}",
        f"The spool {path} is damaged ({error}): put aside as {aside}. {file.count} events in it can be read and go on",
    )
    return file


def readable_records(path: Path, topics: Collection[str] | None) -> Iterator[list[SpooledRecord]]:
    """Yield the records of a damaged database in their order, in pieces; nothing if there are none to read."""
    for rows in _pieces(path):
        records = []
        for row in rows:
            try:
                records.append(read_row(row, topics))
            except ValueError:  # the file stays for a person to look at
                continue
        if records:
            yield records


def _pieces(path: Path) -> Iterator[list[Any]]:
    try:
        database = sqlite3.connect(path, timeout=0.0, check_same_thread=False)
    except sqlite3.Error:
        return
    try:
        database.text_factory = bytes
        yield from _rows(database)
    finally:
        database.close()


def _rows(database: sqlite3.Connection) -> Iterator[list[Any]]:
    """Read forward while pages can be read, then id by id past those that cannot."""
    columns = {row[1] for row in _attempt(database, "PRAGMA table_info(records)") or ()}
    if not columns:
        return
    select = _SELECT.format(crc="crc" if b"crc" in columns else "NULL")
    last, end = _bound(database, "min", 1) - 1, _bound(database, "max", _MAX_MISSES)
    misses = 0
    while last < end and misses < _MAX_MISSES:
        with no_fork:
            rows = _attempt(database, f"{select} > {last} ORDER BY id LIMIT {_PIECE}")
            if rows == []:
                return
            if rows is None:
                answers = (_attempt(database, f"{select} = {number}") for number in range(last + 1, last + 1 + _PIECE))
                rows = [row for answer in answers for row in answer or ()]
                last += _PIECE
            else:
                last = rows[-1][0]
        misses = 0 if rows else misses + _PIECE
        yield rows


def _bound(database: sqlite3.Connection, function: str, default: int) -> int:
    rows = _attempt(database, f"SELECT {function}(id) FROM records")  # noqa: S608  min or max
    return default if not rows or rows[0][0] is None else int(rows[0][0])


def _attempt(database: sqlite3.Connection, query: str) -> list[Any] | None:
    try:
        return database.execute(query).fetchall()
    except (sqlite3.Error, OverflowError, UnicodeDecodeError):  # the last of a message that quotes damaged text
        return None
