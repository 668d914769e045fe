"""`tasker tasks`: the tasks of the system, the latest first, from a stats worker or from the topics."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from tasker_consumers.cli.frame.hints import command_line
from tasker_consumers.cli.output import complain, printable
from tasker_consumers.cli.records.moments import read_option_moment
from tasker_consumers.waits import STATUSES, has_status
from tasker_schemas.errors import UsageError

_SECOND = 1_000_000_000
_COLUMNS = ("task", "status", "name", "began", "duration", "steps", "retries", "first error")


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks are listed; `since` in microseconds is compared with a task's latest event."""

    statuses: frozenset[str]
    name: str | None
    since: int
    limit: int

    def latest(self, tasks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the selected tasks, the latest event first."""
        selected = [task for task in tasks if self._accepts(task)]
        selected.sort(key=lambda task: (-(task["last_event_at"] or 0), task["task_id"]))
        return selected[: self.limit]

    def _accepts(self, task: Mapping[str, Any]) -> bool:
        return (
            (not self.statuses or has_status(task, self.statuses))
            and self.name in (None, task["task_name"])
            and (task["last_event_at"] or 0) >= self.since
        )


def tasks(  # noqa: PLR0913  each is an option
    *,
    status: Annotated[
        list[str] | None, typer.Option(metavar="STATUS", help=f"{', '.join(STATUSES)}; may be repeated.")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Tasks of this name.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Tasks with an event from then on: 2h, 14:00, yesterday, a date.")
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="At most so many tasks.")] = 50,
    url: Annotated[
        str | None, typer.Option("--from", metavar="URL", help="Ask the stats worker there; else TASKER_STATS_URL.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on with each change, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on each line.")] = False,
) -> None:
    """List tasks, the latest first: asked of a stats worker, else read from its topic, else from the events."""
    from tasker_consumers.cli.environment import read_settings
    from tasker_consumers.cli.task_list.source import all_tasks, open_source
    from tasker_consumers.cli.task_list.watching import print_tasks, watch_tasks

    task_filter = _filter(status, name, since, limit)
    settings = read_settings()
    if watch:
        with open_source(settings, url or settings.stats_url, name) as source:
            watch_tasks(source, name, task_filter.latest, _table, as_json=as_json)
    rows = task_filter.latest(all_tasks(settings, url or settings.stats_url, task_filter.name))
    if not rows:
        complain("no task fits; a longer --since or fewer conditions show others")
        raise typer.Exit(1)
    print_tasks(rows, _table, as_json=as_json)
    if not as_json:
        complain(f"next: {printable(command_line('tasker trace', rows[0]['task_id']))}")


def _filter(status: list[str] | None, name: str | None, since: str | None, limit: int) -> TaskFilter:
    for text in status or ():
        if text not in STATUSES:
            raise UsageError(f"--status is {text!r}; expected one of {', '.join(STATUSES)}")
    if name is not None and not name.strip():
        raise UsageError("--name is empty; expected the name of tasks")
    if limit < 1:
        raise UsageError(f"--limit is {limit}; expected a number from 1")
    moment = 0 if since is None else read_option_moment("--since", since) * 1000
    return TaskFilter(frozenset(status or ()), name, moment, limit)


def _table(rows: Sequence[Mapping[str, Any]]) -> tuple[Sequence[str], list[list[str]]]:
    return _COLUMNS, [_cells(row) for row in rows]


def _cells(task: Mapping[str, Any]) -> list[str]:
    from tasker_consumers.times import time_text
    from tasker_consumers.trace_view.durations import duration_text, status_text

    error = task["first_error"] or {}
    reasons = [error.get("step_id"), error.get("error_class"), error.get("error_message")]
    duration = task["duration_s"]
    return [
        task["task_id"],
        status_text(task, time.time_ns() // 1000),
        task["task_name"] or "-",
        time_text(task["started_at"] or task["created_at"]),
        "-" if duration is None else duration_text(round(duration * _SECOND)),
        f"{task['completed_steps']}/{task['total_steps']}",
        str(task["retries"]),
        ": ".join(str(reason) for reason in reasons if reason).partition("\n")[0],
    ]
