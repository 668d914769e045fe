"""`tasker replay`: read events again: as JSON lines, into a file, into a topic."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from pathlib import Path
from typing import Annotated

import typer

from tasker_consumers.cli.output import complain
from tasker_consumers.cli.records.decoding import open_decoder
from tasker_consumers.cli.records.options import with_option_groups
from tasker_consumers.cli.records.progress import reading_progress
from tasker_consumers.cli.records.replay_source import open_records
from tasker_consumers.cli.records.replay_targets import TargetOptions, print_json_lines, publish, write_file
from tasker_consumers.cli.records.selecting import SelectionOptions


@with_option_groups
def replay(
    *,
    file: Annotated[
        Path | None, typer.Option("--from-file", metavar="FILE", help="Read a file that --to-file wrote.")
    ] = None,
    target: TargetOptions,
    options: SelectionOptions,
) -> None:
    """Read events again, without a group: as JSON lines, into an Avro file, or to a topic with the marks of a replay.

    Nothing is executed again. Exit code 1 if no record is selected, or one cannot be read.
    """
    from tasker_consumers.cli.environment import read_settings, read_settings_with_kafka

    selection = options.selection()
    target.check()
    needs_kafka = file is None or target.to is not None or target.in_place
    settings = read_settings_with_kafka() if needs_kafka else read_settings()
    with reading_progress() as progress:
        records = open_records(file, settings, selection, progress)
        if target.to_file is not None:
            count = write_file(records, target.to_file)
        elif target.to or target.in_place:
            count = publish(settings, selection, records, target)
        else:
            count = print_json_lines(records, open_decoder(settings))
    if not count:
        complain("no record is selected; fewer conditions or a longer --since select others")
        raise typer.Exit(1)
