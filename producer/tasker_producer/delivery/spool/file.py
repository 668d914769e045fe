"""A file of events that Kafka cannot take now: an SQLite database, in the order of publishing.

SQLite's write-ahead log makes it crash-safe: committed events are there after a SIGKILL, and a torn tail is skipped.
Each row has a checksum. A row that cannot be read is moved to a file for a person to look at, and the rest goes on.
"""

import base64
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from functools import wraps
from itertools import chain
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from tasker_producer.delivery.host.process import no_fork
from tasker_producer.delivery.spool.database import open_database
from tasker_producer.delivery.spool.directory import PRIVATE_FILE, unlink_database
from tasker_producer.delivery.spool.rows import Entry, Row, SpooledRecord, read_rows, total_size, write_row

_MAX_ASIDE_BYTES = 16 << 20
_MAX_BATCH_BYTES = 16 << 20
#: SQLite lets other threads of Python run at every statement, so many rows go into each; it takes 999 values at least.
_ROWS_OF_STATEMENT = 128
_BYTES_OF_STATEMENT = 1 << 20

P = ParamSpec("P")
R = TypeVar("R")


def _without_fork(method: Callable[P, R]) -> Callable[P, R]:
    """Let no fork happen while a method runs."""

    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        with no_fork:
            return method(*args, **kwargs)

    return guarded


class SpoolFile:
    """The records in a file, whose lock this process holds; used by one thread at a time.

    `topics` are those that may be in it; None allows all. Raises OSError or sqlite3.Error when disk or file fail.
    """

    def __init__(self, path: Path, lock: int, topics: Collection[str] | None = None) -> None:
        self.path = path
        self._lock = lock
        self._topics = topics
        self._database = open_database(path)
        self.counts: Counter[str] = Counter()
        self.size = 0
        #: Rows that could not be read, and were put aside.
        self.unreadable = 0
        try:
            self._count_rows()
            # Delivered rows that a full disk refuses to delete: up to an id all, and single ones behind it.
            self._floor = self._bound("min") - 1
        except sqlite3.Error:
            self._database.close()
            raise
        self._gone: set[int] = set()
        self._is_prefix = True  # of all rows: the batch that `oldest` returned last

    @property
    def count(self) -> int:
        """How many records are in the file."""
        return self.counts.total()

    @_without_fork
    def append(self, records: Sequence[SpooledRecord]) -> None:
        """Keep records behind all others, or none of them."""
        self._insert([write_row(None, record) for record in records])

    @_without_fork
    def put_back(self, records: Sequence[SpooledRecord]) -> None:
        """Keep records before all others, or none of them: they are older than those in the file."""
        row = self._database.execute("SELECT min(id) FROM records WHERE id > ?", (self._floor,)).fetchone()
        first = (self._floor + 1 if row[0] is None else row[0]) - len(records)
        self._insert([write_row(number, record) for number, record in enumerate(records, first)])
        self._floor = min(self._floor, first - 1)
        self._gone.difference_update(range(first, first + len(records)))

    @_without_fork
    def oldest(self, limit: int, without: Collection[str] = ()) -> list[Entry]:
        """Return the oldest records with their ids, but for those of some topics; move unreadable rows away.

        They are `limit` at most, and take 16 MB and one record more at most.
        """
        self._is_prefix = not without
        marks = ", ".join("?" * len(without))
        query = f"SELECT * FROM records WHERE id > ? AND topic NOT IN ({marks}) ORDER BY id LIMIT ?"  # noqa: S608
        with closing(self._database.execute(query, (self._floor, *without, limit + len(self._gone)))) as rows:
            entries, unreadable = read_rows(rows, self._topics, self._gone, _MAX_BATCH_BYTES)
        if unreadable:
            self._put_aside(unreadable)
        return entries

    @_without_fork
    def remove(self, entries: Sequence[Entry]) -> None:
        """Forget all records of the last batch: they are delivered, or given up."""
        if not entries:
            return
        if self._is_prefix:
            self._floor = max(self._floor, entries[-1][0])
        else:
            self._gone.update(number for number, _ in entries)
        self._take_from_counts(entries)
        self._delete()

    @_without_fork
    def remove_some(self, entries: Sequence[Entry]) -> None:
        """Forget records among others that stay."""
        self._gone.update(number for number, _ in entries)
        self._take_from_counts(entries)
        self._delete()

    @_without_fork
    def close(self) -> None:
        """Let go of the file: it waits for the next process, unless it is empty."""
        empty = not self.count
        self._database.close()
        if empty:
            unlink_database(self.path)
        os.close(self._lock)

    def detach(self) -> int:
        """Close the database, whatever is in it, and return the lock."""
        self._database.close()
        return self._lock

    def leave_to_parent(self) -> None:
        """Give up the parent's lock in a forked child, so that it ends with the parent."""
        os.close(self._lock)

    def _count_rows(self) -> None:
        rows = self._database.execute("SELECT topic, count(*), total(size) FROM records GROUP BY topic").fetchall()
        for topic, number, size in rows:
            self.counts[_text(topic)] += number
            self.size += int(size)

    def _bound(self, function: str) -> int:
        value = self._database.execute(f"SELECT {function}(id) FROM records").fetchone()[0]  # noqa: S608
        return 1 if value is None else int(value)

    def _insert(self, rows: Sequence[Row]) -> None:
        """Write rows, all or none of them, and count them."""
        with self._database:
            for piece in _pieces(rows):
                marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * len(piece))
                statement = f"REPLACE INTO records VALUES {marks}"  # noqa: S608
                self._database.execute(statement, list(chain.from_iterable(piece)))
        self.counts.update([row[1] for row in rows])
        self.size += sum(row[5] for row in rows)

    def _delete(self) -> None:
        if not self.count:  # to delete rows takes space at first, which a full disk has not
            self._begin_anew()
            return
        with self._database:
            self._database.execute("DELETE FROM records WHERE id <= ?", (self._floor,))
            self._database.executemany("DELETE FROM records WHERE id = ?", [(number,) for number in self._gone])
        self._gone.clear()

    def _begin_anew(self) -> None:
        self._database.close()
        unlink_database(self.path, keep_lock=True)
        self._database = open_database(self.path)
        self._floor, self._gone = 0, set()

    def _put_aside(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write unreadable rows to a file beside this one, and forget them."""
        aside = self.path.with_suffix(".unreadable.jsonl")
        file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
        with os.fdopen(file, "w") as lines:
            for row in rows:
                if lines.tell() < _MAX_ASIDE_BYTES:
                    lines.write(json.dumps([_shown(value) for value in row]) + "\n")
        with self._database:
            self._database.executemany("DELETE FROM records WHERE id = ?", [(row[0],) for row in rows])
        self.unreadable += len(rows)
        self.counts.subtract(_text(row[1]) for row in rows)
        self.size -= sum(row[5] for row in rows if isinstance(row[5], int))

    def _take_from_counts(self, entries: Sequence[Entry]) -> None:
        records = [record for _, record in entries]
        self.counts.subtract(Counter([record.topic for record in records]))
        self.size = max(0, self.size - total_size(records)) if self.count else 0


def _pieces(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield rows in pieces for a statement each, whose values SQLite copies: a large row goes alone."""
    piece: list[Row] = []
    size = 0
    for row in rows:
        if piece and (len(piece) == _ROWS_OF_STATEMENT or size + row[5] > _BYTES_OF_STATEMENT):
            yield piece
            piece, size = [], 0
        piece.append(row)
        size += row[5]
    if piece:
        yield piece


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _shown(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
