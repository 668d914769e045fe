"""Long answers in pages: the same order for all workers, and a cursor that marks the start of the next page.

The position of a row is a tuple that JSON can hold; pages go from the least position up. Every worker returns its first
rows beyond the cursor; the first rows of all workers together are the page.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import orjson

T = TypeVar("T")
Position = tuple[Any, ...]


class Shortlist(Generic[T]):
    """The first `size` rows of any number of rows; a row that `accepts` refuses need not be made."""

    def __init__(self, size: int, cursor: Position | None = None) -> None:
        self._size = size
        self._cursor = cursor
        self._worst: Position | None = None
        self._rows: list[tuple[Position, T]] = []

    def accepts(self, position: Position) -> bool:
        """Return whether a row at this position can be among the first."""
        if self._size == 0 or (self._cursor is not None and position <= self._cursor):
            return False
        return self._worst is None or position < self._worst

    def add(self, position: Position, row: T) -> None:
        """Add a row."""
        self._rows.append((position, row))
        if len(self._rows) >= 2 * self._size:
            self._cut()

    def rows(self) -> list[T]:
        """Return the first rows, in order."""
        self._cut()
        return [row for _, row in self._rows]

    def _cut(self) -> None:
        self._rows.sort(key=lambda pair: pair[0])
        del self._rows[self._size :]
        if self._rows and len(self._rows) == self._size:
            self._worst = self._rows[-1][0]


def first_rows(rows: Iterable[T], size: int, cursor: Position | None, position_of: Callable[[T], Position]) -> list[T]:
    """Return the first rows beyond a cursor, in order.

    >>> first_rows([3, 1, 2, 0], 2, (0,), lambda number: (number,))
    [1, 2]
    """
    shortlist = Shortlist[T](size, cursor)
    for row in rows:
        if shortlist.accepts(position_of(row)):
            shortlist.add(position_of(row), row)
    return shortlist.rows()


def write_cursor(position: Position) -> str:
    """Return a position as a text that needs no escaping in an address.

    >>> read_cursor(write_cursor((-5, "42")), like=(0, ""))
    (-5, '42')
    """
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def read_cursor(text: str, like: Position) -> Position:
    """Return the position of a cursor, of the same types as `like`; raises ValueError for any other text."""
    try:
        position = tuple(orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
    except (binascii.Error, orjson.JSONDecodeError, TypeError, ValueError):
        raise ValueError(text) from None
    if [type(part) for part in position] != [type(part) for part in like]:
        raise ValueError(text)
    return position
