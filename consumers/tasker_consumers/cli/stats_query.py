"""The options of `tasker stats`, and the request that they make."""

from dataclasses import dataclass
from typing import Annotated

import typer

from tasker_schemas.errors import UsageError

TaskIdArgument = Annotated[str | None, typer.Argument(metavar="TASK_ID", show_default=False, help="A task, by its id.")]
NameOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="All tasks of this name, summed up by hour or minute.")
]
StepOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="All steps of this name, summed up by hour or minute.")
]
ByMinuteOption = Annotated[bool, typer.Option("--by-minute", help="Sum up by minute instead of by hour.")]
WatchOption = Annotated[bool, typer.Option("--watch", help="Show progress until the task is over, or Ctrl-C.")]
ExitStatusOption = Annotated[bool, typer.Option("--exit-status", help="Exit with 1 when the task has failed.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output; one line per change to watch.")]
UrlOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="URL",
        help="Ask the stats worker there, by default that of TASKER_STATS_URL; without an answer read the topic.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The request of the command line; the user sets a single field of the first three."""

    task_id: str | None
    name: str | None
    step: str | None
    length_s: int
    watch: bool
    as_json: bool
    exit_status: bool

    def check(self) -> None:
        """Raise UsageError for options that contradict each other."""
        if [self.task_id, self.name, self.step].count(None) != 2:  # noqa: PLR2004  two of three are missing
            raise UsageError("name one task by its id, or all of a kind with --name, or all steps with --step")
        if self.watch and self.step is not None:
            raise UsageError("--watch follows tasks; name one by its id, or all of a kind with --name")
        if self.exit_status and self.task_id is None:
            raise UsageError("--exit-status is the outcome of one task; name it by its id")
