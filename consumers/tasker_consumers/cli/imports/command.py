"""`tasker import`: other engines' histories, published as events."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import complain

if TYPE_CHECKING:
    from tasker_consumers.importers import Import, ImportReport

FORMATS = (
    "wfcommons", "temporal", "github-actions", "openlineage", "airflow", "otlp", "jaeger", "xes", "nextflow", "csv",
)  # fmt: skip
_TABLES = "Tables"
_PLACE = "Ids and times"


def import_histories(  # noqa: PLR0913  each is an option
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE", help="Files, archives of them, or - for standard input; before them, if wanted, a FORMAT."
        ),
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read everything, show it, and publish nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print files, tasks and faults as a JSON document.")] = False,
    prefix: Annotated[
        str, typer.Option(metavar="TEXT", rich_help_panel=_PLACE, help="Begin the ids of all tasks with this text.")
    ] = "",
    as_if_now: Annotated[
        bool, typer.Option("--as-if-now", rich_help_panel=_PLACE, help="Move all times, so that the last is now.")
    ] = False,
    speed: Annotated[
        float | None,
        typer.Option(
            metavar="FACTOR",
            min=0.001,
            rich_help_panel=_PLACE,
            help="Publish as if it happened from now on, so many times as fast as it did.",
        ),
    ] = None,
    columns: Annotated[
        str,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN,...",
            rich_help_panel=_TABLES,
            help="The columns of task, step, start, end, status, queued, duration, attempt, name, depends_on, error.",
        ),
    ] = "",
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD=STATE",
            rich_help_panel=_TABLES,
            help="What a status means: complete, error, cancelled, in_progress or pending; may be repeated.",
        ),
    ] = None,
    no_header: Annotated[
        bool, typer.Option("--no-header", rich_help_panel=_TABLES, help="Columns have numbers, from 1.")
    ] = False,
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", rich_help_panel=_TABLES, help="The zone of times that name none.")
    ] = "UTC",
    epoch: Annotated[
        str | None,
        typer.Option(metavar="TIME", rich_help_panel=_TABLES, help="Where times that are numbers begin; else 1970."),
    ] = None,
) -> None:
    """Publish other engines' histories as events, at their original times.

    FORMAT is wfcommons, temporal, github-actions, openlineage, airflow, otlp, jaeger, xes, nextflow or csv; without it
    the contents of the files decide.
    """
    from tasker_consumers.cli.imports.arguments import read_format, read_placing, read_tables
    from tasker_consumers.cli.imports.output import Display, reading_progress
    from tasker_consumers.importers import Import

    history_format, files = read_format(arguments, FORMATS)
    display = Display(is_dry_run=dry_run, as_json=as_json)
    with reading_progress() as on_progress:
        importer = Import(
            history_format=history_format,
            reading=read_tables(columns, status or [], zone=timezone, epoch=epoch, has_header=not no_header),
            placing=read_placing(prefix, as_if_now=as_if_now, speed=speed),
            on_file=display.show_file,
            on_progress=on_progress,
        )
        report = importer.preview(files) if dry_run else _run(importer, files)
    for fault in report.faults:
        complain(str(fault))
    display.show_report(report)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _run(importer: "Import", files: list[Path]) -> "ImportReport":
    import os

    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.kafka.topics import require_topics
    from tasker_producer import EventPublisher, ProducerSettings

    settings = read_settings_with_kafka()
    require_topics(settings.kafka, settings.topic_prefix)
    with EventPublisher(ProducerSettings.from_env(os.environ)) as publisher:
        return importer.run(files, publisher)
