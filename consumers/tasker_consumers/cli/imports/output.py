"""The output of `tasker import`: a line for each file, the totals, or a JSON document."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasker_consumers.cli.frame.hints import command_line
from tasker_consumers.cli.output import complain, echo, open_console, printable, show_json, show_table
from tasker_schemas.headers import rfc3339

if TYPE_CHECKING:
    from tasker_consumers.importers import ImportedFile, ImportReport
    from tasker_consumers.importers.publish import Progress

_SHOWN_TASKS = 3  # of a file with many tasks
_IDS_SHOWN = 50  # of all imported tasks
_COLUMNS = ("time", "event", "task", "step", "attempt")


@dataclass(frozen=True, slots=True)
class Display:
    """Shows files as they go in, and the report at the end."""

    is_dry_run: bool
    as_json: bool

    def show_file(self, imported: "ImportedFile") -> None:
        """Print a file's line; in a dry run also the counts of its events, and the first of them."""
        if self.as_json:
            return
        ids = [task.task_id for task in imported.tasks]
        remainder = f" and {len(ids) - _SHOWN_TASKS} more" if len(ids) > _SHOWN_TASKS else ""
        tasks = f"{'task' if len(ids) == 1 else f'{len(ids)} tasks:'} {', '.join(ids[:_SHOWN_TASKS])}{remainder}"
        echo(printable(f"{imported.file}: {imported.events} events, {tasks}"))
        for note in imported.notes:
            complain(printable(f"{imported.file}: {note}"))
        if self.is_dry_run:
            _show_preview(imported)

    def show_report(self, report: "ImportReport") -> None:
        """Print the totals and the next command."""
        if self.as_json:
            show_json(_document(report))
            return
        word = "would go in: " if self.is_dry_run else ""
        echo(f"{word}{report.files} files, {len(report.task_ids)} tasks, {report.events} events")
        if self.is_dry_run or not report.task_ids:
            return
        for task_id in report.task_ids[:_IDS_SHOWN]:
            echo(printable(task_id))
        if len(report.task_ids) > _IDS_SHOWN:
            echo(f"and {len(report.task_ids) - _IDS_SHOWN} other tasks: tasker tasks")
        if shared := report.shared_task_ids:
            echo(f"several files tell of {len(shared)} of the tasks: {', '.join(shared[:_SHOWN_TASKS])}")
        complain(f"next: {printable(command_line('tasker trace', report.task_ids[0]))}")


def _show_preview(imported: "ImportedFile") -> None:
    counts = ", ".join(f"{count} {name}" for name, count in sorted(imported.names.items()))
    echo(f"  format {imported.history_format}, from {rfc3339(imported.first)} to {rfc3339(imported.last)}")
    echo(f"  {counts}")
    rows = [
        (
            rfc3339(event.timestamp) or "",
            event.name,
            printable(event.task_id),
            printable(str(event.fields.get("step_name", ""))),
            str(event.fields.get("attempt_number", "")),
        )
        for event in imported.sample
    ]
    show_table(_COLUMNS, rows)


def _document(report: "ImportReport") -> dict[str, Any]:
    return {
        "files": [
            {
                "file": str(imported.file),
                "format": imported.history_format,
                "events": imported.events,
                "names": dict(imported.names),
                "first": rfc3339(imported.first),
                "last": rfc3339(imported.last),
                "tasks": [
                    {"task_id": task.task_id, "task_name": task.task_name, "events": task.events}
                    for task in imported.tasks
                ],
                "notes": list(imported.notes),
            }
            for imported in report.imported
        ],
        "task_ids": list(report.task_ids),
        "shared_task_ids": list(report.shared_task_ids),
        "events": report.events,
        "faults": [
            {"file": str(fault.file), "place": fault.place, "problem": fault.problem} for fault in report.faults
        ],
    }


@contextmanager
def reading_progress() -> "Iterator[Progress]":
    """Yield a function that shows how many events of a file are read or published; silent where no terminal is."""
    if not sys.stderr.isatty():
        yield lambda _file, _stage, _count: None
        return
    with open_console(stderr=True).status("reading") as line:

        def show(file: Path, stage: str, count: int) -> None:
            line.update(printable(f"{file.name}: {count:,} events {stage}"))

        yield show
