"""Statistics for eyes: one task in full, many in a table, their windows, their progress."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.progress_bar import ProgressBar
from rich.table import Table

from tasker_consumers.stats.reading.progress import progress_of

_SECOND = 1_000_000

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
)


def task_rows(stats: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return everything known of one task, as rows of name and value; what is unknown is left out.

    >>> task_rows({"task_id": "42", "trace_id": None, "created_at": 0, "critical_path": ["a", "b"]})
    [('task_id', '42'), ('created_at', '1970-01-01 00:00:00.000 UTC'), ('critical_path', 'a → b')]
    """
    return [(name, _text(name, value)) for name, value in stats.items() if value is not None]


def window_columns() -> list[str]:
    """Return the titles of `window_rows`."""
    return [title for title, _ in _WINDOW_COLUMNS]


def window_rows(windows: Iterable[Mapping[str, Any]]) -> list[Sequence[str]]:
    """Return the figures of windows, a row for each."""
    return [[_text(field, window[field]) for _, field in _WINDOW_COLUMNS] for window in windows]


def progress_table(tasks: Iterable[Mapping[str, Any]], now: int) -> Table:
    """Return a progress bar for each task; `now` in microseconds."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("task", "status", "", "steps", "failed", "steps/s", "left"):
        table.add_column(title)
    for stats in tasks:
        done = progress_of(stats, now)
        table.add_row(
            stats["task_id"],
            stats["status"],
            ProgressBar(total=max(done.total, 1), completed=done.ended, width=30),
            f"{done.ended}/{done.total}",
            str(done.failed),
            _text("rate", done.rate),
            "" if done.over or done.left_s is None else str(timedelta(seconds=round(done.left_s))),
        )
    return table


def progress_line(stats: Mapping[str, Any], now: int) -> str:
    """Return a task's progress as one plain line, for a pipe."""
    done = progress_of(stats, now)
    return f"{stats['task_id']}\t{stats['status']}\t{done.ended}/{done.total} steps\t{done.failed} failed"


def _text(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name.endswith("_at") or name == "window_start":
        moment = datetime.fromtimestamp(value / _SECOND, UTC)
        return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03} UTC"
    if name == "critical_path":
        return " → ".join(value)
    if name == "first_error":
        where = f" in step {value['step_id']}, attempt {value['attempt_number']}" if value["step_id"] else ""
        return f"{value['error_class'] or 'failed'}: {value['error_message'] or '-'}{where}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
