"""Rows of a table, each value with its place, read a line at a time."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from tasker_consumers.importers.documents.node import LONGEST_ID
from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.sources import Content

_SEPARATORS = ",;\t|"
_SHOWN = 60  # characters of a wrong value that a message repeats


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a table, its line, and the name of its column."""

    value: str
    line: int
    column: str

    @property
    def place(self) -> str:
        """The place in words."""
        return f"line {self.line}, column {self.column}"

    def refuse(self, expected: str) -> NoReturn:
        """Raise BrokenFile for this value, where a value of another kind was expected."""
        shown = self.value if len(self.value) <= _SHOWN else f"{self.value[:_SHOWN]}…"
        raise BrokenFile(self.place, f'expected {expected}, not "{shown}"' if self.value else f"expected {expected}")

    def identifier(self) -> str:
        """Return this text, if an id on the wire can be as long; raise BrokenFile."""
        if not 0 < len(self.value) <= LONGEST_ID or "\0" in self.value:
            self.refuse(f"a text of 1 to {LONGEST_ID} characters, without NUL")
        return self.value


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table; values without surrounding spaces."""

    values: Sequence[str]
    line: int
    columns: Mapping[str, int]

    def refuse(self, problem: str) -> NoReturn:
        """Raise BrokenFile for the whole line."""
        raise BrokenFile(f"line {self.line}", problem)

    def cell(self, column: str) -> Cell:
        """Return the value of a column, also when it is empty."""
        return Cell(self.values[self.columns[column]].strip(), self.line, column)


class Table:
    """A table in text; `columns` has the positions of its columns by name, of a table without a header by number."""

    def __init__(self, content: Content, *, has_header: bool = True) -> None:
        self._text = content.text()
        first_line = content.head.partition(b"\n")[0].decode("utf-8", "replace")
        self.separator = max(_SEPARATORS, key=first_line.count)
        self._reader = csv.reader(self._text, delimiter=self.separator, strict=True)
        self._first = self._next() or []
        names = [name.strip() for name in self._first] if has_header else list(map(str, range(1, len(self._first) + 1)))
        self.columns = {name: position for position, name in enumerate(names)}
        if len(self.columns) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise BrokenFile("line 1", f"two columns have the name {twice[:_SHOWN]!r}")
        self._has_header = has_header

    def __iter__(self) -> Iterator[Row]:
        """Return the rows; raise BrokenFile for a line that is damaged or has another number of values."""
        values = self._next() if self._has_header else self._first
        while values is not None:
            line = self._reader.line_num
            if values and len(values) != len(self.columns):
                raise BrokenFile(f"line {line}", f"{len(values)} values, expected {len(self.columns)}")
            if values:
                yield Row(values, line, self.columns)
            values = self._next()

    def refuse_empty(self) -> NoReturn:
        """Raise BrokenFile for a table without rows."""
        raise BrokenFile("the file", "no row is in it")

    def _next(self) -> list[str] | None:
        """Return the values of the next line, none of an empty line, and None after the last line."""
        try:
            return next(self._reader, None)
        except csv.Error as error:
            raise BrokenFile(f"line {self._reader.line_num}", f"not a table: {error}") from error
        except UnicodeDecodeError as error:
            raise BrokenFile(f"after line {self._reader.line_num}", f"not UTF-8: {error.reason}") from error
