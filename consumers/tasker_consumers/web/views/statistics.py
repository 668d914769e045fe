"""Statistics per name: a line for each, and the table beside the charts of a name."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tasker_consumers.stats.core.windows import Window
from tasker_consumers.times import time_text
from tasker_consumers.trace_view.durations import duration_text
from tasker_consumers.web.views.charts import Bar, spark

PERCENTILES = {"duration_p50_s": "p50", "duration_p95_s": "p95", "duration_p99_s": "p99"}
_SECOND = 1_000_000_000
_HOUR_S = 3600


class NameRow(NamedTuple):
    """The sum of a name's windows."""

    kind: str
    name: str
    number: int
    failed: int
    failure: str
    p50: str
    p95: str
    p99: str
    last: str
    trend: list[Bar]


def name_rows(windows: Iterable[Mapping[str, Any]], since: int) -> list[NameRow]:
    """Return a row for each name that has hours since a time (microseconds), tasks first, the most frequent first."""
    names: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for window in windows:
        if window["window_s"] == _HOUR_S and window["window_start"] + _HOUR_S * 1_000_000 > since:
            names.setdefault((window["kind"], window["name"]), []).append(window)
    rows = [_name_row(kind, name, parts) for (kind, name), parts in names.items()]
    return sorted(rows, key=lambda row: (row.kind != "task", -row.number, row.name))


def _name_row(kind: str, name: str, parts: Sequence[Mapping[str, Any]]) -> NameRow:
    total = Window()
    for part in parts:
        total.merge(Window.of_value(part))
    figures = total.figures()
    ratio = figures["failure_ratio"]
    return NameRow(
        kind=kind,
        name=name,
        number=figures["count"],
        failed=figures["error"],
        failure="-" if ratio is None else f"{100 * ratio:.1f} %",
        p50=seconds_text(figures["duration_p50_s"]),
        p95=seconds_text(figures["duration_p95_s"]),
        p99=seconds_text(figures["duration_p99_s"]),
        last=time_text(max(part["window_start"] for part in parts))[:16],
        trend=spark([part["count"] for part in parts[-24:]]),
    )


def seconds_text(seconds: float | None) -> str:
    """Return a duration in seconds as people read it; a dash for None."""
    return "-" if seconds is None else duration_text(round(seconds * _SECOND))


class WindowRow(NamedTuple):
    """A window in the table beside the charts."""

    start: str
    number: int
    failed: int
    retries: int
    percentiles: list[str]


def window_rows(windows: Sequence[Mapping[str, Any]]) -> list[WindowRow]:
    """Return the rows of windows, the latest first."""
    return [
        WindowRow(
            time_text(window["window_start"])[:16],
            window["count"],
            window["error"],
            window["retries"],
            [seconds_text(window[field]) for field in PERCENTILES],
        )
        for window in reversed(windows)
    ]
