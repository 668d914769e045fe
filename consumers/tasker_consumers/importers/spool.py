"""Values in a temporary database on disk: memory stays the same, however many there are."""

import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

_BATCH = 250  # rows
_CACHE_KIB = 16_384


T = TypeVar("T")


class Spool(Generic[T]):
    """A list that lies on disk; it gives its values back in the order of their coming, or sorted by their keys.

    >>> with Spool[str]() as spool:
    ...     spool.add("b", "second")
    ...     spool.add("a", "first")
    ...     list(spool), list(spool.by_key())
    (['second', 'first'], [('a', 'first'), ('b', 'second')])
    """

    def __init__(self) -> None:
        # A database without a name is temporary: SQLite writes it to a file when its cache is full, and removes it.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KIB}"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute("CREATE TABLE entries (key, value BLOB)")
        self._pending: list[tuple[str | int, bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the disk space back."""
        self._database.close()

    def add(self, key: str | int, value: T) -> None:
        """Append a value."""
        self._pending.append((key, pickle.dumps(value, pickle.HIGHEST_PROTOCOL)))
        if len(self._pending) >= _BATCH:
            self._write()

    def __iter__(self) -> Iterator[T]:
        """Return the values in the order of their coming."""
        return (value for _, value in self._rows("rowid"))

    def by_key(self) -> Iterator[tuple[str | int, T]]:
        """Return keys and values in the order of the keys; values of the same key in the order of their coming."""
        return self._rows("key, rowid")

    def bounds(self) -> tuple[Any, Any]:
        """Return the smallest and the largest key, zeros for an empty list."""
        self._write()
        (bounds,) = self._database.execute("SELECT ifnull(min(key), 0), ifnull(max(key), 0) FROM entries")
        return bounds  # type: ignore[no-any-return]

    def _rows(self, order: str) -> Iterator[tuple[str | int, T]]:
        self._write()
        with closing(self._database.execute(f"SELECT key, value FROM entries ORDER BY {order}")) as rows:  # noqa: S608
            for key, value in rows:
                yield key, pickle.loads(value)  # noqa: S301  written by this process, and nobody else can reach it

    def _write(self) -> None:
        if self._pending:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO entries VALUES (?, ?)", self._pending)
            self._database.execute("COMMIT")
            self._pending.clear()
