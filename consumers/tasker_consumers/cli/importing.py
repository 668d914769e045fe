"""`tasker import`: other engines' histories, published as events at their original times."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from pathlib import Path
from typing import Annotated, Literal

import typer

from tasker_consumers.cli.output import complain

app = typer.Typer(help="Publish other engines' histories as events, at their original times.", no_args_is_help=True)

Files = Annotated[list[Path], typer.Argument(metavar="FILE", help="Files to import.", show_default=False)]


@app.command()
def wfcommons(files: Files) -> None:
    """Import WfCommons instances (WfFormat 1.3 to 1.5, plain or .gz): the instance is the task."""
    _import("wfcommons", files)


@app.command()
def temporal(files: Files) -> None:
    """Import Temporal's event histories as JSON: the run is the task."""
    _import("temporal", files)


@app.command()
def github_actions(files: Files) -> None:
    """Import answers of GitHub's API, recorded or as JSON: the workflow run is the task, its jobs are the steps."""
    _import("github-actions", files)


def _import(file_format: Literal["wfcommons", "temporal", "github-actions"], files: list[Path]) -> None:
    import os

    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.importers.run import HistoryFormat, import_files
    from tasker_consumers.kafka.topics import require_topics
    from tasker_producer import EventPublisher, ProducerSettings

    settings = read_settings_with_kafka()
    require_topics(settings.kafka, settings.topic_prefix)
    with EventPublisher(ProducerSettings.from_env(os.environ)) as publisher:
        report = import_files(HistoryFormat(file_format), files, publisher, told=_tell)
    for fault in report.faults:
        complain(str(fault))
    typer.echo(f"{report.files} files, {len(report.task_ids)} tasks, {report.events} events")
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _tell(file: Path, events: int) -> None:
    typer.echo(f"{file}: {events} events")
