"""The grid of runs and steps: a column for each run, the latest first, and a row for each step."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tasker_consumers.telemetry.spans.span import ERROR, Span
from tasker_consumers.times import time_text
from tasker_consumers.trace_view.durations import duration_text
from tasker_consumers.trace_view.timing import is_running
from tasker_consumers.waits import shown_status
from tasker_consumers.web.views.masking import shown_text
from tasker_producer.masking.masker import Masker

_SECOND = 1_000_000_000


class Cell(NamedTuple):
    """A step in a run; `state` is empty where the run does not have the step."""

    state: str
    attempts: int
    text: str


class GridRow(NamedTuple):
    """A step over all runs."""

    step: str
    cells: list[Cell]


class GridColumn(NamedTuple):
    """A run."""

    task_id: str
    status: str
    text: str


class Grid(NamedTuple):
    """Runs as columns, and steps as rows."""

    columns: list[GridColumn]
    rows: list[GridRow]


def attempt_of_span(span: Span) -> dict[str, Any] | None:
    """Return an attempt with the fields that the store has of it; None for a span of anything else."""
    attributes = span.attributes
    if "step_id" not in attributes:
        return None
    failed = str(attributes.get("status") or ("error" if span.status == ERROR else "complete"))
    return {
        "task_id": attributes.get("task_id"),
        "step_id": attributes["step_id"],
        "step_name": attributes.get("step_name"),
        "attempt_number": attributes.get("attempt_number") or 1,
        "state": failed,
        "duration_s": None if is_running(span) else (span.end - span.start) / _SECOND,
        "started_at": span.start // 1000,
        "error_class": None,
    }


def grid_of(tasks: Sequence[Mapping[str, Any]], attempts: Iterable[Mapping[str, Any]], masker: Masker) -> Grid:
    """Return the grid of tasks; a step is known by its name, and its latest attempt says how it stands."""
    latest: dict[tuple[str, str], Mapping[str, Any]] = {}
    counts: dict[tuple[str, str], int] = {}
    begins: dict[str, int] = {}
    for attempt in attempts:
        step = str(attempt["step_name"] or attempt["step_id"])
        key = attempt["task_id"], step
        counts[key] = counts.get(key, 0) + 1
        begins.setdefault(step, len(begins))
        if key not in latest or _rank(attempt) >= _rank(latest[key]):
            latest[key] = attempt
    columns = [
        GridColumn(task["task_id"], status, f"{time_text(task['started_at'] or task['created_at'])}, {status}")
        for task, status in ((task, shown_status(task)) for task in tasks)
    ]
    rows = [
        GridRow(shown_text(step, masker), [_cell(latest, counts, task["task_id"], step) for task in tasks])
        for step in begins
    ]
    return Grid(columns, rows)


def _begin_of(task: Mapping[str, Any]) -> int | None:
    begin: int | None = task["started_at"] or task["created_at"]
    return begin


def _rank(attempt: Mapping[str, Any]) -> tuple[int, int]:
    return attempt["attempt_number"] or 1, attempt["started_at"] or 0


def _cell(
    latest: Mapping[tuple[str, str], Mapping[str, Any]], counts: Mapping[tuple[str, str], int], task_id: str, step: str
) -> Cell:
    attempt = latest.get((task_id, step))
    if attempt is None:
        return Cell("", 0, "not run")
    seconds = attempt["duration_s"]
    duration = "" if seconds is None else f", {duration_text(round(seconds * _SECOND))}"
    count = counts[task_id, step]
    attempts = f", {count} attempts" if count > 1 else ""
    return Cell(attempt["state"], count, f"{attempt['state'].replace('_', ' ')}{duration}{attempts}")
