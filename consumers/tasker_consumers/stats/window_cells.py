"""A window as an entry of the table, and where it is kept."""

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from tasker_consumers.engine.processor import INDEX, States
from tasker_consumers.stats.core.counting import Sum
from tasker_consumers.stats.core.windows import Place, Window

CELL = INDEX + b"w"
_MOST_CACHED = 1000


class Cell(NamedTuple):
    """A window, when the first of its tasks was first heard of, and when it last changed: microseconds."""

    found: Sum
    revision: int = 0

    @classmethod
    def of(cls, row: bytes | None) -> "Cell":
        """Return the cell that was stored; without a row an empty one."""
        if row is None:
            return cls(Sum())
        seen_at, revision, *figures = orjson.loads(row)
        return cls(Sum(Window.of_row(figures), seen_at), revision)

    def row(self) -> bytes:
        """Return the entry to store."""
        return orjson.dumps([self.found.seen_at, self.revision, *self.found.window.row()])


class CellCache:
    """Cells as they were read or written last: a busy window changes with every run, and takes long to be read.

    What counts is what is stored: a cell is only taken from here when its entry is the same, so nothing has to be told
    when a write did not happen.
    """

    def __init__(self) -> None:
        self._cells: dict[tuple[int, bytes], tuple[bytes, Cell]] = {}

    def get(self, partition: int, key: bytes, row: bytes | None) -> Cell:
        """Return the cell that an entry holds, to be changed at will."""
        known, cell = self._cells.get((partition, key), (None, None))
        if row is None or cell is None or known != row:
            return Cell.of(row)
        return Cell(Sum(cell.found.window.copy(), cell.found.seen_at), cell.revision)

    def put(self, partition: int, key: bytes, cell: Cell) -> bytes:
        """Return the entry for a cell that will not be changed any more."""
        if len(self._cells) >= _MOST_CACHED:
            self._cells.clear()
        row = cell.row()
        self._cells[partition, key] = row, cell
        return row


def cell_key(place: Place) -> bytes:
    """Return where the cell of a place is."""
    return CELL + place.key


def cells(states: States, wanted: tuple[str | int | None, ...] = ()) -> Iterator[tuple[Place, bytes]]:
    """Iterate over the cells of a partition with their places; `wanted` is kind, name and length, None is any."""
    known = wanted[: wanted.index(None)] if None in wanted else wanted
    beginning = orjson.dumps(known)[:-1] + (b"," if known else b"")
    found = ((Place.of_key(key.removeprefix(CELL)), row) for key, row in states.scan(CELL + beginning))
    return ((place, row) for place, row in found if _matches(place, wanted))


def _matches(place: Place, wanted: tuple[str | int | None, ...]) -> bool:
    return all(value in (None, given) for value, given in zip(wanted, place, strict=False))
