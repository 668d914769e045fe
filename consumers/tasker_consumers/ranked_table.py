"""Tables on a terminal in which no cell is cut: the columns that do not fit are left out, and long text is wrapped."""

from collections.abc import Sequence
from textwrap import wrap

_GAP = 2
#: Columns that a text needs beside the others; with less it goes below its row. A last column that is wider is a text.
_ROOM = 24
_INDENT = 4
#: A single column says too little.
_LEAST = 2

Rows = Sequence[Sequence[str]]


def ranked_lines(columns: Sequence[str], rows: Rows, width: int) -> list[str]:
    """Return the lines of a table; the first columns matter most, the last are left out first.

    A text in the last column is not left out: it is wrapped between its words, beside the other columns or below its
    row. Where not even the first two columns fit, each row becomes a block of lines, a field on each.

    >>> ranked_lines(["task", "status", "trace"], [["order-1", "error", "4bf92f35"]], 16)
    ['task     status', 'order-1  error']
    """
    widths = column_widths((columns, *rows))
    if _span(widths) <= width:
        return _aligned((columns, *rows), widths)
    leading = widths[:-1]
    is_text = max((len(row[-1]) for row in rows), default=0) > _ROOM
    room = width - _span(leading) - _GAP
    if is_text and leading and room >= _ROOM:
        return _beside(columns, rows, leading, room)
    shown = fitting_columns(leading, width)
    if shown < min(_LEAST, len(leading)) or not leading:
        return _blocks(columns, rows, width)
    if is_text:
        return _below(columns, rows, widths[:shown], width)
    return _aligned((columns, *rows), widths[:shown])


def column_widths(rows: Rows) -> list[int]:
    """Return the width of the widest cell of each column."""
    return [max(map(len, cells)) for cells in zip(*rows, strict=True)]


def fitting_columns(widths: Sequence[int], width: int) -> int:
    """Return how many of the first columns fit, at least 1.

    >>> fitting_columns([7, 6, 10], 16)
    2
    """
    shown = len(widths)
    while shown > 1 and _span(widths[:shown]) > width:
        shown -= 1
    return shown


def _span(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _aligned(rows: Rows, widths: Sequence[int]) -> list[str]:
    return [
        (" " * _GAP).join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)).rstrip()
        for cells in rows
    ]


def _wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text; a word that is longer than a line stays whole, since it may be an id."""
    return wrap(text, max(width, 1), break_long_words=False, break_on_hyphens=False)


def _beside(columns: Sequence[str], rows: Rows, widths: Sequence[int], room: int) -> list[str]:
    lines: list[Sequence[str]] = [columns]
    for row in rows:
        first, *further = _wrapped(row[-1], room) or [""]
        lines += [[*row[:-1], first], *([*([""] * len(widths)), line] for line in further)]
    return _aligned(lines, [*widths, room])


def _below(columns: Sequence[str], rows: Rows, widths: Sequence[int], width: int) -> list[str]:
    lines = _aligned([columns], widths)
    for row in rows:
        lines += _aligned([row], widths)
        lines += [" " * _INDENT + line for line in _wrapped(row[-1], width - _INDENT)]
    return lines


def _blocks(columns: Sequence[str], rows: Rows, width: int) -> list[str]:
    label = max(map(len, columns)) + 1
    lines: list[str] = []
    for row in rows:
        lines += [""] if lines else []
        for name, cell in zip(columns, row, strict=True):
            first, *further = _wrapped(cell, max(width - label, _ROOM)) or [""]
            lines += [f"{name:<{label}}{first}"] if first else []
            lines += [" " * label + line for line in further]
    return lines
