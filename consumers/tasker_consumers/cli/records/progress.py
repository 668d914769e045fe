"""How far reading is, on a terminal; nothing in a pipe."""

# ruff: noqa: PLC0415  a pipe does not wait for Rich

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tasker_consumers.cli.output import open_console

if TYPE_CHECKING:
    from tasker_consumers.replay.reading.read import ReadingProgress


class TerminalProgress:
    """Shows records, selected records, rate and remaining time on a line of standard error of `width` columns."""

    def __init__(self, bar: Any, width: int) -> None:
        self._bar, self._width = bar, width
        self._task = bar.add_task("reading", text="")
        self._total = self._read = self._matches = self._size = 0
        self._begun = time.monotonic()

    def start(self, offsets: int) -> None:
        """See `ReadingProgress`."""
        self._total += offsets
        self._show()

    def advance(self, offsets: int, size: int, matches: int) -> None:
        """See `ReadingProgress`."""
        self._read += offsets
        self._size += size
        self._matches += matches
        self._show()

    def _show(self) -> None:
        elapsed = time.monotonic() - self._begun or 1e-9
        seconds_left = elapsed * (self._total - self._read) / max(self._read, 1)
        offsets = (self._read, self._total)
        text = progress_text(offsets, self._matches, self._size / 1e6 / elapsed, seconds_left, self._width)
        self._bar.update(self._task, text=text)


@contextmanager
def reading_progress() -> "Iterator[ReadingProgress]":
    """Yield the progress to read with; its line is gone after the block."""
    from tasker_consumers.replay.reading.read import NO_PROGRESS

    if not sys.stderr.isatty():
        yield NO_PROGRESS
        return
    from rich.progress import Progress, TextColumn

    console = open_console(stderr=True)
    with Progress(TextColumn("{task.fields[text]}", markup=False), console=console, transient=True) as bar:
        yield TerminalProgress(bar, console.width)


def progress_text(offsets: tuple[int, int], matches: int, megabytes_s: float, seconds_left: float, width: int) -> str:
    """Return how far reading is, as many of its numbers as fit; `offsets` are those read and those to read.

    >>> progress_text((1500, 3000), 12, 4.25, 2.0, 80)
    '1,500 of 3,000 records, 12 selected, 4.2 MB/s, 0:00:02 left'
    >>> progress_text((1500, 3000), 12, 4.25, 2.0, 40)
    '1,500 of 3,000 records, 12 selected'
    """
    parts = [
        f"{offsets[0]:,} of {offsets[1]:,} records",
        f"{matches:,} selected",
        f"{megabytes_s:.1f} MB/s",
        f"{timedelta(seconds=round(seconds_left))} left",
    ]
    while len(parts) > 1 and len(", ".join(parts)) > width:
        parts.pop()
    return ", ".join(parts)
