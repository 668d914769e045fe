"""What Kafka cannot take now, on disk: one SQLite file per process, in the order of publishing.

SQLite's write-ahead log makes it crash-safe: what was committed is there after a SIGKILL, and a torn tail is skipped.
A process holds the lock of its file, so that no second one sends the same records; what a dead process has left is
taken over by the next one that starts.
"""

import fcntl
import json
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from itertools import chain
from pathlib import Path
from typing import NamedTuple, ParamSpec, Self, TypeVar

from tasker_producer.delivery import process
from tasker_schemas.headers import Header

MAX_FILES = 256  # processes on one machine that spool into one directory
_BATCH = 2_000
_PRIVATE_DIR = 0o700
_PRIVATE_FILE = 0o600
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS records (
        id INTEGER PRIMARY KEY, topic TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, headers TEXT NOT NULL,
        size INTEGER NOT NULL
    )
"""

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger("tasker_producer")


def _no_fork(method: Callable[P, R]) -> Callable[P, R]:
    """Let no fork happen while a method runs."""

    @wraps(method)
    def whole(*args: P.args, **kwargs: P.kwargs) -> R:
        with process.no_fork:
            return method(*args, **kwargs)

    return whole


class SpooledRecord(NamedTuple):
    """One record as it will go to Kafka."""

    topic: str
    key: bytes
    value: bytes
    headers: list[Header]

    @property
    def size(self) -> int:
        """Bytes that it counts for on disk, about."""
        return len(self.value) + len(self.key) + sum(len(name) + len(value) for name, value in self.headers) + 64


class SpoolFile:
    """The records that one process keeps on disk; used by one thread at a time.

    Raises OSError or sqlite3.Error when the disk does not do its part.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self._path = path
        self._lock = lock
        self._database = _connect(path)
        self.count: int
        self.size: int
        counted = self._database.execute("SELECT count(*), coalesce(sum(size), 0), min(id) FROM records").fetchone()
        self.count, self.size = counted[:2]
        # Up to here all are gone, also those that a full disk refuses to delete: else they would be sent for ever.
        self._gone: int = (counted[2] or 1) - 1

    @classmethod
    @_no_fork
    def open(cls, directory: Path) -> Self:
        """Take a file that no living process holds: one that a dead process left behind first."""
        directory.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
        free = (directory / f"events-{number}.sqlite" for number in range(MAX_FILES))
        for path in chain(_left(directory), free):
            if (lock := _locked(path)) is not None:
                return cls._owned(path, lock)
        raise OSError(f"{directory} holds {MAX_FILES} spools, all of them in use")

    @classmethod
    def _owned(cls, path: Path, lock: int) -> Self:
        try:
            return cls(path, lock)
        except (OSError, sqlite3.Error):
            os.close(lock)
            raise

    @_no_fork
    def adopt(self, directory: Path, max_bytes: int) -> None:
        """Take over what other dead processes left, while there is room: there may be fewer of us than of them."""
        for path in _left(directory):
            if (lock := _locked(path)) is None:
                continue
            other = self._owned(path, lock)
            try:
                while self.size < max_bytes and (batch := other.oldest(_BATCH)):
                    self.append([record for _, record in batch])
                    other.remove(batch)
            finally:
                other.close()

    @_no_fork
    def append(self, records: Sequence[SpooledRecord]) -> None:
        """Keep records behind all others."""
        self._insert((None, record) for record in records)
        self._grown_by(records)

    @_no_fork
    def put_back(self, records: Sequence[SpooledRecord]) -> None:
        """Keep records before all others: they are older than what is here."""
        oldest = self._database.execute("SELECT min(id) FROM records WHERE id > ?", (self._gone,)).fetchone()[0]
        first = (self._gone + 1 if oldest is None else oldest) - len(records)
        self._insert((first + number, record) for number, record in enumerate(records))
        self._gone = min(self._gone, first - 1)
        self._grown_by(records)

    @_no_fork
    def oldest(self, limit: int) -> list[tuple[int, SpooledRecord]]:
        """Return the oldest records with their ids."""
        query = "SELECT * FROM records WHERE id > ? ORDER BY id LIMIT ?"
        rows = self._database.execute(query, (self._gone, limit)).fetchall()
        return [(row[0], SpooledRecord(row[1], row[2], row[3], _headers(row[4]))) for row in rows]

    @_no_fork
    def remove(self, records: Sequence[tuple[int, SpooledRecord]]) -> None:
        """Forget the oldest records: they are delivered, or given up."""
        if not records:
            return
        self._gone = records[-1][0]
        self.count -= len(records)
        self.size = 0 if self.count == 0 else self.size - sum(record.size for _, record in records)
        try:
            with self._database:
                self._database.execute("DELETE FROM records WHERE id <= ?", (self._gone,))
        except sqlite3.Error:
            if self.count:
                raise
            self._begin_anew()
        if not self.count:  # ids begin at 1 again
            self._gone = 0

    @_no_fork
    def remove_some(self, records: Sequence[tuple[int, SpooledRecord]]) -> None:
        """Forget records among others that stay."""
        with self._database:
            self._database.executemany("DELETE FROM records WHERE id = ?", [(number,) for number, _ in records])
        self.count -= len(records)
        self.size -= sum(record.size for _, record in records)

    @_no_fork
    def close(self) -> None:
        """Let go of the file; what is in it waits for the next process."""
        self._database.close()
        os.close(self._lock)

    def _begin_anew(self) -> None:
        """Give an empty spool's space back: to delete takes more of it at first, which a full disk has not."""
        self._database.close()
        for end in ("", "-wal", "-shm"):
            Path(f"{self._path}{end}").unlink(missing_ok=True)
        self._database = _connect(self._path)

    def _insert(self, rows: Iterable[tuple[int | None, SpooledRecord]]) -> None:
        with self._database:
            self._database.executemany(
                "REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?)",
                ((number, r.topic, r.key, r.value, _headers_text(r.headers), r.size) for number, r in rows),
            )

    def _grown_by(self, records: Sequence[SpooledRecord]) -> None:
        self.count += len(records)
        self.size += sum(record.size for record in records)


def _left(directory: Path) -> list[Path]:
    return sorted(directory.glob("events-*.sqlite"))


def _locked(path: Path) -> int | None:
    """Lock a spool; return the open lock, or None where a process, this one included, has it already."""
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _connect(path: Path) -> sqlite3.Connection:
    """Open a spool's database; a damaged one is put aside, for a person to look at."""
    try:
        return _opened(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # the disk's trouble, not the file's
            raise
        aside = path.with_suffix(f".damaged-{os.getpid()}")
        path.rename(aside)
        log.exception("The spool %s is damaged: put aside as %s", path, aside)
        return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    # SQLite gives its log and its index the permissions of the file, so the file must exist first.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE))
    database = sqlite3.connect(path, timeout=1.0, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(
            "PRAGMA synchronous = NORMAL"
        )  # safe when a process dies; a power cut may take the last commit
        database.execute(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _headers_text(headers: list[Header]) -> str:
    return json.dumps([(name, value.decode("utf-8", "replace")) for name, value in headers])


def _headers(text: str) -> list[Header]:
    return [(name, value.encode()) for name, value in json.loads(text)]
