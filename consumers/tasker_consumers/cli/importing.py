"""`tasker import`: other engines' histories, published as events at their original times."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tasker_consumers.cli.output import complain, show_json

if TYPE_CHECKING:
    from tasker_consumers.importers import ImportedFile, ImportReport

app = typer.Typer(help="Publish other engines' histories as events, at their original times.", no_args_is_help=True)

#: Ids of imported tasks that are printed.
_IDS_SHOWN = 50

Files = Annotated[list[Path], typer.Argument(metavar="FILE", help="Files to import.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print files, tasks and faults as a JSON document.")]

_SHOWN_TASKS = 3  # of a file with many tasks


@app.command()
def wfcommons(files: Files, *, as_json: AsJson = False) -> None:
    """Import WfCommons instances (WfFormat 1.3 to 1.5, plain or .gz): the instance is the task."""
    _import("wfcommons", files, as_json=as_json)


@app.command()
def temporal(files: Files, *, as_json: AsJson = False) -> None:
    """Import Temporal's event histories as JSON: the run is the task."""
    _import("temporal", files, as_json=as_json)


@app.command()
def github_actions(files: Files, *, as_json: AsJson = False) -> None:
    """Import answers of GitHub's API, recorded or as JSON: the workflow run is the task, its jobs are the steps."""
    _import("github-actions", files, as_json=as_json)


def _import(
    file_format: Literal["wfcommons", "temporal", "github-actions"], files: list[Path], *, as_json: bool
) -> None:
    import os

    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.importers.run import HistoryFormat, import_files
    from tasker_consumers.kafka.topics import require_topics
    from tasker_producer import EventPublisher, ProducerSettings

    settings = read_settings_with_kafka()
    require_topics(settings.kafka, settings.topic_prefix)
    on_file = _ignore if as_json else _show_file
    with EventPublisher(ProducerSettings.from_env(os.environ)) as publisher:
        report = import_files(HistoryFormat(file_format), files, publisher, on_file)
    for fault in report.faults:
        complain(str(fault))
    if as_json:
        show_json(_document(report))
    else:
        _show_totals(report)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _ignore(_file: "ImportedFile") -> None:
    """Print nothing: the document at the end has it all."""


def _show_file(imported: "ImportedFile") -> None:
    ids = [task.task_id for task in imported.tasks]
    remainder = f" and {len(ids) - _SHOWN_TASKS} more" if len(ids) > _SHOWN_TASKS else ""
    tasks = f"{'task' if len(ids) == 1 else f'{len(ids)} tasks:'} {', '.join(ids[:_SHOWN_TASKS])}{remainder}"
    typer.echo(f"{imported.file}: {imported.events} events, {tasks}")
    for note in imported.notes:
        complain(f"{imported.file}: {note}")


def _show_totals(report: "ImportReport") -> None:
    typer.echo(f"{report.files} files, {len(report.task_ids)} tasks, {report.events} events")
    for task_id in report.task_ids[:_IDS_SHOWN]:
        typer.echo(task_id)
    if len(report.task_ids) > _IDS_SHOWN:
        typer.echo(f"and {len(report.task_ids) - _IDS_SHOWN} other tasks: tasker tasks")
    if report.task_ids:
        complain(f"next: tasker trace {report.task_ids[0]}")
    if shared := report.shared_task_ids:
        typer.echo(f"several files tell of {len(shared)} of the tasks: {', '.join(shared[:_SHOWN_TASKS])}")
    if report.task_ids:
        typer.echo(f"next: tasker trace {report.task_ids[0]}")


def _document(report: "ImportReport") -> dict[str, Any]:
    return {
        "files": [
            {
                "file": str(imported.file),
                "events": imported.events,
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
