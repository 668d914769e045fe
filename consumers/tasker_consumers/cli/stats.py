"""`tasker stats`: how tasks went and how far they are, from the compacted stats topic."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tasker_consumers.cli.output import complain, open_console, show_json, show_table

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tasker_consumers.stats.topic import Newest, StatsReader

_WATCH_S = 0.25

#: The rest of a table of running tasks would scroll away.
_MOST_BARS = 40


def stats(
    task_id: Annotated[str | None, typer.Argument(metavar="[TASK_ID]", show_default=False)] = None,
    name: Annotated[str | None, typer.Option(help="All tasks of this name, summed up by hour or minute.")] = None,
    by_minute: Annotated[bool, typer.Option("--by-minute", help="Sum up by minute instead of by hour.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show progress until the task is over, or Ctrl-C.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON on standard output; one line per change to watch.")
    ] = False,
) -> None:
    """Show the statistics of one task, or of all tasks of a name."""
    from tasker_consumers.stats.topic import Newest
    from tasker_consumers.stats.windows import HOUR_S, MINUTE_S
    from tasker_schemas.errors import UsageError

    if (task_id is None) == (name is None):
        raise UsageError("name one task by its id, or all of a kind with --name; not both")
    newest = Newest(name)
    with _open(task_id) as reader:
        for one in reader.backlog():
            newest.learn(one)
        if watch:
            _watch(reader, newest, as_json=as_json, forever=task_id is None)
    if reader.unreadable:
        complain(f"{reader.unreadable} records of the stats topic cannot be read")
    if not newest.tasks:
        complain(f"no statistics of {task_id or name!r} yet; is it right, does `tasker run stats` run?")
        raise typer.Exit(1)
    if not (watch and as_json):
        _show(newest, HOUR_S if not by_minute else MINUTE_S, as_json=as_json, one_task=task_id is not None)


def _open(task_id: str | None) -> "AbstractContextManager[StatsReader]":
    """Open the topic; for one task only its partition is read."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.partitioner import partition_of
    from tasker_consumers.stats.topic import open_stats
    from tasker_schemas.topics import stats_topic

    settings = read_settings_with_kafka()
    topic = stats_topic(settings.topic_prefix)
    if task_id is None:
        return open_stats(settings.kafka, topic)
    key = task_id.encode()
    return open_stats(settings.kafka, topic, key=key, partitions=lambda count: [partition_of(key, count)])


def _watch(reader: "StatsReader", newest: "Newest", *, as_json: bool, forever: bool) -> None:
    """Show each change until the only task is over; of many tasks until Ctrl-C."""
    for one in newest.tasks.values():
        _tell(one, as_json=as_json)
    with _bars(newest, wanted=sys.stdout.isatty() and not as_json) as draw:
        while forever or not newest.tasks or newest.going_on():
            for one in reader.news(_WATCH_S):
                if newest.learn(one):
                    _tell(one, as_json=as_json)
            draw()


def _tell(stats: dict[str, Any], *, as_json: bool) -> None:
    """Print a change where it is not drawn: in a pipe, or as JSON."""
    from tasker_consumers.stats.view import progress_line

    if as_json:
        show_json(stats)
    elif not sys.stdout.isatty():
        typer.echo(progress_line(stats, _now()))


@contextmanager
def _bars(newest: "Newest", *, wanted: bool) -> Iterator[Callable[[], None]]:
    """Yield a function that draws all progress bars anew, if they are wanted at all."""
    if not wanted:
        yield lambda: None
        return
    from rich.live import Live

    from tasker_consumers.stats.view import progress_table

    with Live(console=open_console(), auto_refresh=False) as live:
        yield lambda: live.update(progress_table(list(newest.tasks.values())[-_MOST_BARS:], _now()), refresh=True)


def _show(newest: "Newest", length_s: int, *, as_json: bool, one_task: bool) -> None:
    from tasker_consumers.stats.view import progress_table, task_rows, window_columns, window_rows
    from tasker_consumers.stats.windows import Windows

    if one_task:
        (found,) = newest.tasks.values()
        show_json(found) if as_json else show_table(("field", "value"), task_rows(found))
        return
    windows = Windows(length_s)
    for one in newest.tasks.values():
        windows.learn(one)
    if as_json:
        show_json({"tasks": list(newest.tasks.values()), "windows": windows.figures()})
        return
    show_table(window_columns(), window_rows(windows.figures()))
    going_on = newest.going_on()
    if going_on:
        open_console().print(progress_table(going_on[-_MOST_BARS:], _now()))


def _now() -> int:
    return time.time_ns() // 1000
