"""The options of `tasker stats`, and the request that they make."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import typer

from tasker_consumers.cli.records.moments import read_option_moment
from tasker_schemas.errors import UsageError


class Period(NamedTuple):
    """A period, in microseconds; its end is not part of it."""

    since: int
    until: int


EVER = Period(-sys.maxsize, sys.maxsize)

TaskIdArgument = Annotated[str | None, typer.Argument(metavar="TASK_ID", show_default=False, help="A task, by its id.")]
NameOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="All tasks of this name, summed up by hour or minute.")
]
StepOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="All steps of this name, summed up by hour or minute.")
]
ByMinuteOption = Annotated[bool, typer.Option("--by-minute", help="Sum up by minute instead of by hour.")]
SinceOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="Hours or minutes from then on: 2h, 14:00, yesterday, a date.")
]
UntilOption = Annotated[str | None, typer.Option(metavar="TIME", help="Hours or minutes that began before.")]
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
    by_minute: bool
    period: Period | None
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
        if self.task_id is not None and (self.by_minute or self.period is not None):
            option = "--by-minute" if self.by_minute else "--since and --until"
            raise UsageError(f"{option} is about sums over many tasks; name them with --name or --step")
        if self.watch and (self.by_minute or self.period is not None):
            option = "--by-minute" if self.by_minute else "--since and --until"
            raise UsageError(f"--watch follows tasks from now on; leave out {option}")

    @property
    def length_s(self) -> int:
        """The seconds of a window."""
        from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S  # noqa: PLC0415  help texts do not need it

        return MINUTE_S if self.by_minute else HOUR_S

    def windows_of_period(self, windows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the windows of which a part is in the period."""
        since, until = self.period or EVER
        begin = since - self.length_s * 1_000_000
        return [window for window in windows if begin < window["window_start"] < until]

    def tasks_of_period(self, tasks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the tasks whose latest event is in the period."""
        since, until = self.period or EVER
        return [task for task in tasks if since <= (task["last_event_at"] or 0) < until]


def read_period(since: str | None, until: str | None) -> Period | None:
    """Return the period of --since and --until, None without both; raises UsageError for a wrong time."""
    if since is None and until is None:
        return None
    begin = 0 if since is None else read_option_moment("--since", since) * 1000
    end = sys.maxsize if until is None else read_option_moment("--until", until) * 1000
    if end <= begin:
        raise UsageError("--since must be before --until")
    return Period(begin, end)
