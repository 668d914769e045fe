"""Statistics as tables and lines for people: a task, the progress of tasks, windows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.progress_bar import ProgressBar
from rich.table import Table

from tasker_consumers.ranked_table import column_widths, fitting_columns
from tasker_consumers.stats.reading.progress import Progress, progress_of
from tasker_consumers.waits import shown_status
from tasker_schemas.headers import rfc3339

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_WINDOW_COLUMNS = (
    ("name", "name"),
    ("from", "window_start"),
    ("ended", "count"),
    ("complete", "complete"),
    ("failed", "error"),
    ("failure ratio", "failure_ratio"),
    ("retries", "retries"),
    ("mean s", "duration_mean_s"),
    ("p50 s", "duration_p50_s"),
    ("p90 s", "duration_p90_s"),
    ("p95 s", "duration_p95_s"),
    ("p99 s", "duration_p99_s"),
    ("max s", "duration_max_s"),
)

_PROGRESS_COLUMNS = ("task", "status", "steps", "failed", "steps/s", "left")
_BAR_WIDTH, _LEAST_BAR = 30, 10


def task_rows(stats: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the statistics of a task as rows of name and value; unknown values are left out.

    >>> task_rows({"task_id": "42", "trace_id": None, "created_at": 0, "critical_path": ["a", "b"]})
    [('task_id', '42'), ('created_at', '1970-01-01 00:00:00.000 UTC'), ('critical_path', 'a → b')]
    """
    return [(name, _text(name, value)) for name, value in stats.items() if value is not None]


def with_iso_times(stats: Mapping[str, Any]) -> dict[str, Any]:
    """Return statistics with their moments in ISO 8601 beside those in microseconds, as `times`.

    >>> with_iso_times({"started_at": 1_000_000, "completed_at": None})["times"]
    {'started_at': '1970-01-01T00:00:01.000000Z', 'completed_at': None}
    """
    times = {name: rfc3339(value) if value is not None else None for name, value in stats.items() if _is_moment(name)}
    return {**stats, "times": times}


def window_columns() -> list[str]:
    """Return the titles of `window_rows`."""
    return [title for title, _ in _WINDOW_COLUMNS]


def window_rows(windows: Iterable[Mapping[str, Any]]) -> list[Sequence[str]]:
    """Return a row for each window."""
    return [[_text(field, window[field]) for _, field in _WINDOW_COLUMNS] for window in windows]


def progress_table(tasks: Iterable[Mapping[str, Any]], wall_time: int, width: int) -> Table:
    """Return a progress bar for each task at `wall_time`, in microseconds.

    Of a terminal with fewer columns than `width` needs, the bar is left out, then the last columns; never a part of an
    id or of a number.
    """
    progresses = [(stats, progress_of(stats, wall_time)) for stats in tasks]
    rows = [_progress_cells(stats, progress) for stats, progress in progresses]
    widths = column_widths((_PROGRESS_COLUMNS, *rows))
    shown = fitting_columns(widths, width)
    bar_width = min(_BAR_WIDTH, width - sum(widths) - 2 * len(widths))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in _PROGRESS_COLUMNS[:shown]:
        table.add_column(title, overflow="fold")
    if has_bar := bar_width >= _LEAST_BAR:
        table.add_column("")
    for (_, progress), cells in zip(progresses, rows, strict=True):
        bar = ProgressBar(total=max(progress.total, 1), completed=progress.ended, width=bar_width)
        table.add_row(*cells[:shown], *([bar] if has_bar else []))
    return table


def _progress_cells(stats: Mapping[str, Any], progress: Progress) -> list[str]:
    remaining_s = None if progress.over else progress.remaining_s
    return [
        stats["task_id"],
        shown_status(stats),
        f"{progress.ended}/{progress.total}",
        str(progress.failed),
        _text("rate", progress.rate),
        "" if remaining_s is None else str(timedelta(seconds=round(remaining_s))),
    ]


def progress_line(stats: Mapping[str, Any], wall_time: int) -> str:
    """Return a task's progress as a plain line, for a pipe."""
    progress = progress_of(stats, wall_time)
    steps = f"{progress.ended}/{progress.total} steps\t{progress.failed} failed"
    return f"{stats['task_id']}\t{shown_status(stats)}\t{steps}"


def _text(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if _is_moment(name):
        return _date(value)
    if name == "critical_path":
        return " → ".join(value)
    if name == "first_error":
        where = f" in step {value['step_id']}, attempt {value['attempt_number']}" if value["step_id"] else ""
        return f"{value['error_class'] or 'failed'}: {value['error_message'] or '-'}{where}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _is_moment(name: str) -> bool:
    return name.endswith("_at") or name in ("window_start", "waiting_since", "waiting_until")


def _date(time: int) -> str:
    """Return a time in microseconds as text; the bare number where the calendar ends.

    >>> _date(1_000_000), _date(10**18)
    ('1970-01-01 00:00:01.000 UTC', '1000000000000000000 µs')
    """
    try:
        date = _EPOCH + timedelta(microseconds=time)
    except OverflowError:
        return f"{time} µs"
    return f"{date:%Y-%m-%d %H:%M:%S}.{date.microsecond // 1000:03} UTC"
