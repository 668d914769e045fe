"""`tasker stats`: how tasks went and how far they are, asked of the workers or read from the topics."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tasker_consumers.cli.output import complain, open_console, show_json, show_table

if TYPE_CHECKING:
    from tasker_consumers.stats.reading.sources import LatestStats, Stats, StatsSource

_WATCH_S = 0.25

#: The rest of a table of running tasks would scroll away.
_MOST_BARS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What the command line asks for: one of the first three."""

    task_id: str | None
    name: str | None
    step: str | None
    length_s: int
    watch: bool
    as_json: bool


def stats(  # noqa: PLR0913  each is an option
    *,
    task_id: Annotated[str | None, typer.Argument(metavar="[TASK_ID]", show_default=False)] = None,
    name: Annotated[str | None, typer.Option(help="All tasks of this name, summed up by hour or minute.")] = None,
    step: Annotated[str | None, typer.Option(help="All steps of this name, summed up by hour or minute.")] = None,
    by_minute: Annotated[bool, typer.Option("--by-minute", help="Sum up by minute instead of by hour.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show progress until the task is over, or Ctrl-C.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON on standard output; one line per change to watch.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="URL",
            help="Ask the stats worker there, by default that of TASKER_STATS_URL; without an answer read the topic.",
        ),
    ] = None,
) -> None:
    """Show the statistics of one task, of all tasks or of all steps of a name."""
    from tasker_consumers.cli.environment import read_settings, read_settings_with_kafka
    from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S
    from tasker_consumers.stats.reading.sources import LatestStats
    from tasker_consumers.stats.reading.topics import open_topics
    from tasker_consumers.stats.reading.worker import StatsWorker
    from tasker_schemas.errors import BackendUnavailable

    length_s = MINUTE_S if by_minute else HOUR_S
    asked = Arguments(task_id=task_id, name=name, step=step, length_s=length_s, watch=watch, as_json=as_json)
    _check(asked)
    newest, address = LatestStats(name), url or read_settings().stats_url
    if address:
        try:
            _tell(asked, newest, StatsWorker(address, task_id, name, ended=as_json or watch))
        except BackendUnavailable as error:
            complain(f"{error}; reading the topic instead")
        else:
            return
    settings = read_settings_with_kafka()
    with open_topics(settings.kafka, settings.topic_prefix, task_id) as topics:
        _tell(asked, newest, topics)


def _check(asked: Arguments) -> None:
    from tasker_schemas.errors import UsageError

    if [asked.task_id, asked.name, asked.step].count(None) != 2:  # noqa: PLR2004  all but one
        raise UsageError("name one task by its id, or all of a kind with --name, or all steps with --step")
    if asked.watch and asked.step is not None:
        raise UsageError("--watch follows tasks; name one by its id, or all of a kind with --name")


def _tell(asked: Arguments, newest: "LatestStats", source: "StatsSource") -> None:
    """Show what a source knows. What `newest` has learnt before, of another source, is no news."""
    windows: list[Stats] = []
    if asked.step is not None:
        windows = source.windows("step", asked.step, asked.length_s)
    else:
        for one in source.backlog():
            newest.learn(one)
        if asked.watch:
            _watch(asked, newest, source)
        elif asked.name is not None:
            windows = source.windows("task", asked.name, asked.length_s)
    if source.unreadable:
        complain(f"{source.unreadable} records of the stats topics cannot be read")
    if not newest.tasks and not windows:
        what = asked.task_id or asked.name or asked.step
        complain(f"no statistics of {what!r} yet; is it right, does `tasker run stats` run?")
        raise typer.Exit(1)
    if not (asked.watch and asked.as_json):
        _show(asked, newest, windows)


def _watch(asked: Arguments, newest: "LatestStats", source: "StatsSource") -> None:
    """Show each change until the only task is over; of many tasks until Ctrl-C."""
    for one in newest.tasks.values():
        _tell_change(one, as_json=asked.as_json)
    with _bars(newest, wanted=sys.stdout.isatty() and not asked.as_json) as draw:
        draw()
        while asked.task_id is None or not newest.tasks or newest.unfinished():
            for one in source.changes(_WATCH_S):
                if newest.learn(one):
                    _tell_change(one, as_json=asked.as_json)
            draw()


def _tell_change(stats: dict[str, Any], *, as_json: bool) -> None:
    """Print a change where it is not drawn: in a pipe, or as JSON."""
    from tasker_consumers.stats.reading.view import progress_line

    if as_json:
        show_json(stats)
    elif not sys.stdout.isatty():
        typer.echo(progress_line(stats, _now()))


@contextmanager
def _bars(newest: "LatestStats", *, wanted: bool) -> Iterator[Callable[[], None]]:
    """Yield a function that draws all progress bars anew, if they are wanted at all."""
    if not wanted:
        yield lambda: None
        return
    from rich.live import Live

    from tasker_consumers.stats.reading.view import progress_table

    with Live(console=open_console(), auto_refresh=False) as live:
        yield lambda: live.update(progress_table(list(newest.tasks.values())[-_MOST_BARS:], _now()), refresh=True)


def _show(asked: Arguments, newest: "LatestStats", windows: "list[Stats]") -> None:
    from tasker_consumers.stats.reading.view import progress_table, task_rows, window_columns, window_rows

    if asked.task_id is not None:
        (found,) = newest.tasks.values()
        show_json(found) if asked.as_json else show_table(("field", "value"), task_rows(found))
        return
    if asked.as_json:
        tasks = {} if asked.name is None else {"tasks": list(newest.tasks.values())}
        show_json({**tasks, "windows": windows})
        return
    show_table(window_columns(), window_rows(windows))
    going_on = newest.unfinished()
    if going_on:
        open_console().print(progress_table(going_on[-_MOST_BARS:], _now()))


def _now() -> int:
    return time.time_ns() // 1000
