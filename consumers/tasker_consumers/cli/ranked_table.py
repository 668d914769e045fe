"""Tables on a terminal in which no cell is cut: the columns that do not fit are left out."""

from collections.abc import Sequence

_GAP = 2


def ranked_lines(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return the lines of a table; the first columns matter most, the last are left out first.

    Where not even the first two fit, each row becomes a block of lines, a field on each.

    >>> ranked_lines(["task", "status", "error"], [["order-1", "error", "no answer"]], 16)
    ['task     status', 'order-1  error']
    """
    widths = [max(len(cells[position]) for cells in (columns, *rows)) for position in range(len(columns))]
    shown = len(columns)
    while shown > 1 and sum(widths[:shown]) + _GAP * (shown - 1) > width:
        shown -= 1
    if shown < 2 <= len(columns):  # noqa: PLR2004  a single column says too little
        return _blocks(columns, rows)
    gap = " " * _GAP
    return [gap.join(_padded(cells[:shown], widths)).rstrip() for cells in (columns, *rows)]


def _padded(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]


def _blocks(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    label = max(map(len, columns)) + 1
    lines: list[str] = []
    for row in rows:
        lines += [""] if lines else []
        lines += [f"{name:<{label}}{cell}" for name, cell in zip(columns, row, strict=True) if cell]
    return lines
