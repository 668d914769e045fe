"""`tasker stats`: statistics and progress of tasks, asked of the workers or read from the topics."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from tasker_consumers.cli.output import (
    Notices,
    complain,
    echo,
    open_console,
    show_json,
    show_table,
    unwinding_on_sigterm,
)
from tasker_consumers.cli.stats_query import (
    ByMinuteOption,
    ExitStatusOption,
    JsonOption,
    NameOption,
    Query,
    SinceOption,
    StepOption,
    TaskIdArgument,
    UntilOption,
    UrlOption,
    WatchOption,
    read_period,
)

if TYPE_CHECKING:
    from tasker_consumers.stats.reading.sources import LatestStats, Stats, StatsSource

_WATCH_S = 0.25
#: Seconds to wait for a worker that restores its states; a watcher waits for ever.
_PATIENCE_S = 60.0

#: The rest of a table of running tasks would scroll away.
_MOST_BARS = 40


def stats(  # noqa: PLR0913  each is an option
    *,
    task_id: TaskIdArgument = None,
    name: NameOption = None,
    step: StepOption = None,
    by_minute: ByMinuteOption = False,
    since: SinceOption = None,
    until: UntilOption = None,
    watch: WatchOption = False,
    exit_status: ExitStatusOption = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
) -> None:
    """Show the statistics of one task, of all tasks or of all steps of a name."""
    from tasker_consumers.cli.environment import read_settings, read_settings_with_kafka
    from tasker_consumers.stats.reading.sources import LatestStats
    from tasker_consumers.stats.reading.topics import open_topics

    query = Query(
        task_id=task_id, name=name, step=step, by_minute=by_minute, period=read_period(since, until), watch=watch,
        as_json=as_json, exit_status=exit_status,
    )  # fmt: skip
    query.check()
    latest, address, notices = LatestStats(name), url or read_settings().stats_url, Notices()
    if address and _is_answered_by(address, query, latest, notices):
        return
    settings = read_settings_with_kafka()
    with open_topics(settings.kafka, settings.topic_prefix, task_id) as topics:
        _answer(query, latest, topics, notices)


def _is_answered_by(address: str, query: Query, latest: "LatestStats", notices: "Notices") -> bool:
    """Show the statistics that a worker knows; return False, with a line about the reason, when there is no answer."""
    from tasker_consumers.stats.reading.worker import StatsWorker
    from tasker_schemas.errors import BackendUnavailable

    has_ended, patience_s = query.as_json or query.watch, float("inf") if query.watch else _PATIENCE_S
    worker = StatsWorker(
        address, query.task_id, query.name, ended=has_ended, patience_s=patience_s, on_wait=notices.show
    )
    try:
        _answer(query, latest, worker, notices)
    except BackendUnavailable as error:
        complain(f"{error}; reading the topic instead")
        return False
    return True


def _answer(query: Query, latest: "LatestStats", source: "StatsSource", notices: Notices) -> None:
    """Show the statistics of a source. `latest` may hold those of another source already."""
    windows: list[Stats] = []
    if query.step is not None:
        windows = source.windows("step", query.step, query.length_s)
    else:
        for stats in source.backlog():
            latest.learn(stats)
        if query.watch:
            _watch(query, latest, source, notices)
        elif query.name is not None:
            windows = source.windows("task", query.name, query.length_s)
    windows = query.windows_of_period(windows)
    if source.unreadable:
        complain(f"{source.unreadable} records of the stats topics cannot be read")
    if not windows and (not latest.tasks or query.period is not None):
        selected = query.task_id or query.name or query.step
        complain(f"no statistics of {selected!r} yet; is it right, does `tasker run stats` run?")
        raise typer.Exit(1)
    if not (query.watch and query.as_json):
        _show(query, latest, windows)
    if query.task_id is not None:
        _tell_outcome(query, latest.tasks[query.task_id])


def _tell_outcome(query: Query, stats: dict[str, Any]) -> None:
    """Say which steps are missing, and exit with 1 for a failed task if asked for."""
    from tasker_consumers.stats.reading.watch import missing_steps

    if query.watch and (line := missing_steps(stats)):
        complain(line)
    if query.exit_status and stats["status"] == "error":
        raise typer.Exit(1)


def _watch(query: Query, latest: "LatestStats", source: "StatsSource", notices: Notices) -> None:
    """Show each change until the only task is final; of many tasks until Ctrl-C."""
    from tasker_consumers.stats.reading.topics import StatsTopics
    from tasker_consumers.stats.reading.watch import Watch

    for stats in latest.tasks.values():
        _print_change(stats, as_json=query.as_json)
    watch = Watch(latest, query.task_id)
    if isinstance(source, StatsTopics) and not watch.is_over() and (group := source.idle_group()):
        complain(f"no worker of the group {group} runs: nothing changes until `tasker run stats` is started")
    with unwinding_on_sigterm(), _frames(latest, notices, is_drawn=sys.stdout.isatty() and not query.as_json):
        notices.show(watch.notice(source))
        while not watch.is_over():
            for stats in watch.poll(source, _WATCH_S):
                _print_change(stats, as_json=query.as_json)
            notices.show(watch.notice(source))


def _print_change(stats: dict[str, Any], *, as_json: bool) -> None:
    """Print a change where it is not drawn: in a pipe, or as JSON."""
    from tasker_consumers.stats.reading.view import progress_line, with_iso_times

    if as_json:
        show_json(with_iso_times(stats))
    elif not sys.stdout.isatty():
        echo(progress_line(stats, _present_micros()))


@contextmanager
def _frames(latest: "LatestStats", notices: Notices, *, is_drawn: bool) -> Iterator[None]:
    """Draw notices below the progress bars of a terminal, if `is_drawn`."""
    if not is_drawn:
        yield
        return
    from rich.console import Group
    from rich.live import Live

    from tasker_consumers.stats.reading.view import progress_table

    with Live(console=open_console(), auto_refresh=False) as live:

        def draw(notice: str) -> None:
            tasks = list(latest.tasks.values())[-_MOST_BARS:]
            bars = progress_table(tasks, _present_micros(), live.console.width)
            live.update(Group(bars, notice) if notice else bars, refresh=True)

        notices.draw = draw
        try:
            yield
        finally:
            notices.draw = None


def _show(query: Query, latest: "LatestStats", windows: "list[Stats]") -> None:
    from tasker_consumers.stats.reading.view import (
        progress_table,
        task_rows,
        window_columns,
        window_rows,
        with_iso_times,
    )

    if query.task_id is not None:
        stats = latest.tasks[query.task_id]
        show_json(with_iso_times(stats)) if query.as_json else show_table(("field", "value"), task_rows(stats))
        return
    if query.as_json:
        tasks = [with_iso_times(task) for task in query.tasks_of_period(latest.tasks.values())]
        named_tasks = {} if query.name is None else {"tasks": tasks}
        show_json({**named_tasks, "windows": [with_iso_times(window) for window in windows]})
        return
    show_table(window_columns(), window_rows(windows))
    unfinished = latest.unfinished() if query.period is None else []
    if unfinished:
        console = open_console()
        console.print(progress_table(unfinished[-_MOST_BARS:], _present_micros(), console.width))


def _present_micros() -> int:
    return time.time_ns() // 1000
