"""`tasker replay`: read events again: as JSON lines, into a file, a topic, a trace backend, a handler."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tasker_consumers.cli.output import complain
from tasker_consumers.cli.records.options import with_option_groups
from tasker_consumers.cli.records.progress import reading_progress
from tasker_consumers.cli.records.selecting import SelectionOptions
from tasker_consumers.cli.replay.targets import TargetOptions
from tasker_schemas.errors import UsageError

_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")


@with_option_groups
def replay(
    identifier: Annotated[
        str | None,
        typer.Argument(metavar="ID", show_default=False, help="A task's id, or a trace id of 32 hex digits."),
    ] = None,
    *,
    file: Annotated[
        Path | None, typer.Option("--from-file", metavar="FILE", help="Read a file that --to-file wrote.")
    ] = None,
    target: TargetOptions,
    options: SelectionOptions,
) -> None:
    """Read events again, without a group, and print them, store them, publish them, or give them to a handler.

    Only --call executes anything: your own handler, on this machine. Exit code 1 if no record is selected, one cannot
    be read, or the handler fails.
    """
    from tasker_consumers.cli.environment import read_settings, read_settings_with_kafka
    from tasker_consumers.cli.replay.destinations import send_to_target
    from tasker_consumers.cli.replay.source import open_records

    selection = _identified(options, identifier).selection()
    target.check()
    settings = read_settings_with_kafka() if file is None or target.publishes else read_settings()
    with reading_progress() as progress:
        count = send_to_target(settings, selection, open_records(file, settings, selection, progress), target)
    if not count:
        complain("no record is selected; fewer conditions or a longer --since select others")
        raise typer.Exit(1)


def _identified(options: SelectionOptions, identifier: str | None) -> SelectionOptions:
    """Return the selection with the task or trace of the argument."""
    if identifier is None:
        return options
    if options.task_id is not None or options.trace_id is not None:
        raise UsageError("name the task or trace once: as ID, or with --task-id or --trace-id")
    if _TRACE_ID.fullmatch(identifier.lower()):
        return replace(options, trace_id=identifier)
    return replace(options, task_id=identifier)
