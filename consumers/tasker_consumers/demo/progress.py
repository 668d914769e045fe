"""Progress while it happens: a table that moves on a terminal, plain lines anywhere else."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tasker_consumers.stop_signals import interruptible
from tasker_consumers.waits import shown_status

_SHOWN_TASKS = 20
_STYLES = {"complete": "green", "error": "red", "cancelled": "yellow", "in_progress": "cyan"}

Tasks = Mapping[str, Mapping[str, Any]]


class Progress(Protocol):
    """Somebody who wants to know how far the demo is."""

    def note(self, line: str) -> None:
        """Tell that something is done."""

    def tasks(self, tasks: Tasks, changed: Sequence[str]) -> None:
        """Tell the statistics of all tasks by id, and which of them are news."""


class PlainLines:
    """Prints a line for each change; a line that reads the same as before is not repeated."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: dict[str, str] = {}

    def note(self, line: str) -> None:
        """See `Progress`."""
        self._print(line)

    def tasks(self, tasks: Tasks, changed: Sequence[str]) -> None:
        """See `Progress`."""
        for task_id in changed:
            line = progress_line(tasks[task_id])
            if self._told.get(task_id) != line:
                self._told[task_id] = line
                self._print(line)

    def _print(self, line: str) -> None:
        with interruptible():  # perhaps nobody reads
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class LiveTable:
    """A table that is drawn anew with each piece of news."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def note(self, line: str) -> None:
        """See `Progress`."""
        self._live.console.print(line, markup=False, highlight=False)

    def tasks(self, tasks: Tasks, changed: Sequence[str]) -> None:
        """See `Progress`."""
        if changed:
            self._live.update(_table(tasks))


@contextmanager
def show_progress(console: Console) -> Iterator[Progress]:
    """Yield the form of progress that suits the console."""
    if not console.is_terminal:
        yield PlainLines(console)
        return
    with Live(console=console, transient=True, refresh_per_second=8) as live:
        yield LiveTable(live)


def progress_line(stats: Mapping[str, Any]) -> str:
    """Return how far a task is, as a line.

    >>> progress_line({"task_id": "7", "task_name": "order", "status": "in_progress", "completed_steps": 1,
    ...                "failed_steps": 0, "total_steps": 3, "retries": 1})
    '7 order: in_progress, 1 of 3 steps done, 1 retry'
    """
    parts = [f"{stats['completed_steps']} of {stats['total_steps']} steps done"]
    if stats["failed_steps"]:
        parts.append(f"{stats['failed_steps']} failed")
    if stats["retries"]:
        parts.append(f"{stats['retries']} {'retry' if stats['retries'] == 1 else 'retries'}")
    return f"{stats['task_id']} {stats['task_name'] or ''}: {shown_status(stats)}, {', '.join(parts)}"


def _table(tasks: Tasks) -> Table:
    table = Table("task", "name", "status", "steps", "retries", "seconds", box=None, header_style="bold")
    for stats in sorted(tasks.values(), key=lambda s: s["last_event_at"] or 0)[-_SHOWN_TASKS:]:
        table.add_row(
            stats["task_id"],
            stats["task_name"] or "",
            f"[{_STYLES.get(stats['status'], 'white')}]{shown_status(stats)}[/]",
            f"{stats['completed_steps']}/{stats['total_steps']}",
            str(stats["retries"] or ""),
            "" if stats["duration_s"] is None else f"{stats['duration_s']:.2f}",
        )
    return table
