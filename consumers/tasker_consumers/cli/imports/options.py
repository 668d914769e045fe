"""The options of `tasker import`."""

from typing import Annotated

import typer

_TABLES = "Tables"
_PLACE = "Ids and times"

FilesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE", help="Files, archives of them, or - for standard input; before them, if wanted, a FORMAT."
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Read everything, show it, and publish nothing.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print files, tasks and faults as a JSON document.")]
PrefixOption = Annotated[
    str, typer.Option(metavar="TEXT", rich_help_panel=_PLACE, help="Begin the ids of all tasks with this text.")
]
AsIfNowOption = Annotated[
    bool, typer.Option("--as-if-now", rich_help_panel=_PLACE, help="Move all times, so that the last is now.")
]
SpeedOption = Annotated[
    float | None,
    typer.Option(
        metavar="FACTOR",
        min=0.001,
        rich_help_panel=_PLACE,
        help="Publish as if it happened from now on, so many times as fast as it did.",
    ),
]
MapOption = Annotated[
    str,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN,...",
        rich_help_panel=_TABLES,
        help="The columns of task, step, start, end, status, queued, duration, attempt, name, depends_on, error.",
    ),
]
StatusOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WORD=STATE",
        rich_help_panel=_TABLES,
        help="What a status means: complete, error, cancelled, in_progress or pending; may be repeated.",
    ),
]
NoHeaderOption = Annotated[
    bool, typer.Option("--no-header", rich_help_panel=_TABLES, help="Columns have numbers, from 1.")
]
TimezoneOption = Annotated[
    str, typer.Option(metavar="ZONE", rich_help_panel=_TABLES, help="The zone of times that name none.")
]
EpochOption = Annotated[
    str | None,
    typer.Option(metavar="TIME", rich_help_panel=_TABLES, help="Where times that are numbers begin; else 1970."),
]
