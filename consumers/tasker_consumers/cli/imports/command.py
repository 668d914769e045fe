"""`tasker import`: other engines' histories, published as events."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasker_consumers.cli.imports.options import (
    AsIfNowOption,
    DryRunOption,
    EpochOption,
    FilesArgument,
    JsonOption,
    MapOption,
    NoHeaderOption,
    PrefixOption,
    SpeedOption,
    StatusOption,
    TimezoneOption,
)
from tasker_consumers.cli.output import complain

if TYPE_CHECKING:
    from tasker_consumers.importers import Import, ImportReport

FORMATS = (
    "wfcommons", "temporal", "github-actions", "openlineage", "airflow", "otlp", "jaeger", "xes", "nextflow", "csv",
)  # fmt: skip


def import_histories(  # noqa: PLR0913  each is an option
    arguments: FilesArgument,
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    prefix: PrefixOption = "",
    as_if_now: AsIfNowOption = False,
    speed: SpeedOption = None,
    columns: MapOption = "",
    status: StatusOption = None,
    no_header: NoHeaderOption = False,
    timezone: TimezoneOption = "UTC",
    epoch: EpochOption = None,
) -> None:
    """Publish other engines' histories as events, at their original times.

    FORMAT is wfcommons, temporal, github-actions, openlineage, airflow, otlp, jaeger, xes, nextflow or csv; without it
    the contents of the files decide.
    """
    from tasker_consumers.cli.imports.arguments import read_format, read_placing, read_tables, require_files
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
        require_files(files)
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
    with EventPublisher(ProducerSettings.from_env(os.environ), presume=False) as publisher:
        return importer.run(files, publisher)
