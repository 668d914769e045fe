"""Long answers a page at a time: one order for all workers, and a cursor that says where the next page begins.

A row's place is a tuple that JSON can hold; pages go from the least place up. Every worker gives the first rows that it
has beyond the cursor; the first of those are the first of all.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import orjson

T = TypeVar("T")
Place = tuple[Any, ...]


class Shortlist(Generic[T]):
    """The first so many rows of any number; rows that cannot be among them need not be made."""

    def __init__(self, size: int, after: Place | None = None) -> None:
        self._size = size
        self._after = after
        self._worst: Place | None = None
        self._rows: list[tuple[Place, T]] = []

    def wants(self, place: Place) -> bool:
        """Return whether a row at this place can be among the first."""
        return (self._after is None or place > self._after) and (self._worst is None or place < self._worst)

    def add(self, place: Place, row: T) -> None:
        """Take a row in."""
        self._rows.append((place, row))
        if len(self._rows) >= 2 * self._size:
            self._cut()

    def rows(self) -> list[T]:
        """Return the first rows, in order."""
        self._cut()
        return [row for _, row in self._rows]

    def _cut(self) -> None:
        self._rows.sort(key=lambda pair: pair[0])
        del self._rows[self._size :]
        if len(self._rows) == self._size:
            self._worst = self._rows[-1][0]


def first(rows: Iterable[T], size: int, after: Place | None, place_of: Callable[[T], Place]) -> list[T]:
    """Return the first rows beyond a cursor, in order.

    >>> first([3, 1, 2, 0], 2, (0,), lambda number: (number,))
    [1, 2]
    """
    shortlist = Shortlist[T](size, after)
    for row in rows:
        if shortlist.wants(place_of(row)):
            shortlist.add(place_of(row), row)
    return shortlist.rows()


def write_cursor(place: Place) -> str:
    """Return a place as a text that needs no escaping in an address.

    >>> read_cursor(write_cursor((-5, "42")), like=(0, ""))
    (-5, '42')
    """
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def read_cursor(text: str, like: Place) -> Place:
    """Return the place that a cursor stands for, of the same types as `like`; raises ValueError for anything else."""
    try:
        place = tuple(orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
    except (binascii.Error, orjson.JSONDecodeError, TypeError, ValueError):
        raise ValueError(text) from None
    if [type(part) for part in place] != [type(part) for part in like]:
        raise ValueError(text)
    return place
