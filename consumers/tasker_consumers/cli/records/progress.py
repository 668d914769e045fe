"""How far reading is, on a terminal; nothing in a pipe."""

# ruff: noqa: PLC0415  a pipe does not wait for Rich

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tasker_consumers.cli.output import open_console

if TYPE_CHECKING:
    from tasker_consumers.replay.reading.read import ReadingProgress


class TerminalProgress:
    """Shows records, selected records, rate and remaining time on a line of standard error."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("reading", total=0, size=0.0, matches=0)
        self._total = self._matches = self._size = 0

    def start(self, offsets: int) -> None:
        """See `ReadingProgress`."""
        self._total += offsets
        self._bar.update(self._task, total=self._total)

    def advance(self, offsets: int, size: int, matches: int) -> None:
        """See `ReadingProgress`."""
        self._size += size
        self._matches += matches
        rate = self._size / 1e6 / (self._bar.tasks[0].elapsed or 1e-9)
        self._bar.update(self._task, advance=offsets, size=rate, matches=self._matches)


@contextmanager
def reading_progress() -> "Iterator[ReadingProgress]":
    """Yield the progress to read with; its line is gone after the block."""
    from tasker_consumers.replay.reading.read import NO_PROGRESS

    if not sys.stderr.isatty():
        yield NO_PROGRESS
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    numbers = TextColumn(
        "{task.completed:,.0f} of {task.total:,.0f} records, {task.fields[matches]:,} selected, "
        "{task.fields[size]:.1f} MB/s"
    )
    columns = (BarColumn(20), numbers, TimeRemainingColumn())
    with Progress(*columns, console=open_console(stderr=True), transient=True) as bar:
        yield TerminalProgress(bar)
