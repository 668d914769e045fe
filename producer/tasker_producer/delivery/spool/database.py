"""The SQLite database of a spool file: how it is opened, its version, and which of its errors are damage."""

import os
import sqlite3
from pathlib import Path

from tasker_producer.delivery.host.process import no_fork
from tasker_producer.delivery.spool.directory import PRIVATE_FILE

VERSION = 1
_COLUMNS = ("id", "topic", "key", "value", "headers", "size")
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS records (
        id INTEGER PRIMARY KEY, topic TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, headers TEXT NOT NULL,
        size INTEGER NOT NULL, crc INTEGER
    )
"""
#: SQLite's errors of a disk, or of a file in use. All others are errors of a damaged file.
_DISK_ERRORS = frozenset(
    {
        sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_AUTH,
    }
)  # fmt: skip


class OtherVersionError(sqlite3.DatabaseError):
    """A database of another version of this program."""


def is_damage(error: Exception) -> bool:
    """Return whether an error lies in the file, and not in its disk: another file would do."""
    if not isinstance(error, sqlite3.Error):
        return False
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _DISK_ERRORS


def open_database(path: Path) -> sqlite3.Connection:
    """Open or make the database of a spool, and bring an older version up to date.

    Raises sqlite3.Error, OtherVersionError among them, and OSError.
    """
    with no_fork:
        return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    # SQLite gives its log the permissions of the file, so the file must exist first.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE))
    database = sqlite3.connect(path, timeout=1.0, check_same_thread=False)
    try:
        database.text_factory = bytes
        # The file's lock makes this process its only user. So no memory needs to be shared, which network disks lack.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")  # safe when a process dies; a power cut may take a commit
        _update_schema(database)
    except sqlite3.Error:
        database.close()
        raise
    except UnicodeDecodeError:  # by sqlite3, of SQLite's message: it quotes a damaged name of a table
        database.close()
        raise sqlite3.DatabaseError("the names of its tables cannot be read") from None
    return database


def _update_schema(database: sqlite3.Connection) -> None:
    version = database.execute("PRAGMA user_version").fetchone()[0]
    columns = tuple(row[1].decode() for row in database.execute("PRAGMA table_info(records)"))
    if columns not in ((), _COLUMNS, (*_COLUMNS, "crc")) or version not in (0, VERSION):
        raise OtherVersionError(f"it is of another version ({version})")
    if version == VERSION and columns:
        return
    with database:
        if columns == _COLUMNS:
            database.execute("ALTER TABLE records ADD COLUMN crc INTEGER")
        database.execute(_SCHEMA)
        database.execute(f"PRAGMA user_version = {VERSION}")
