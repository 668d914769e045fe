"""The geometry of charts; templates draw it as SVG, with a table as its twin."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tasker_consumers.times import time_text
from tasker_consumers.trace_view.durations import duration_text

WIDTH, HEIGHT = 720, 200
_LEFT, _BOTTOM, _TOP = 64, 22, 10
_SECOND = 1_000_000_000


class Bar(NamedTuple):
    """A rectangle with the text that says its value."""

    x: float
    y: float
    width: float
    height: float
    text: str


class Line(NamedTuple):
    """A series: its name, its style, and the points of the polyline."""

    name: str
    style: str
    points: str


class Tick(NamedTuple):
    """A mark of an axis."""

    place: float
    text: str


class Chart(NamedTuple):
    """A chart over time; `label` says in words what it shows."""

    label: str
    lines: list[Line]
    bars: list[tuple[str, Bar]]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    bottom: int = HEIGHT - _BOTTOM


def spark(counts: Sequence[int], width: float = 120, height: float = 26) -> list[Bar]:
    """Return small bars for counts, one beside the other.

    >>> [(bar.x, bar.height) for bar in spark([0, 2], width=10, height=4)]
    [(0.0, 0.0), (5.0, 4.0)]
    """
    highest, step = max([*counts, 1]), width / max(len(counts), 1)
    return [
        Bar(round(step * index, 2), round(height - height * count / highest, 2), max(1.0, round(step - 1, 2)),
            round(height * count / highest, 2), f"{count:,}")
        for index, count in enumerate(counts)
    ]  # fmt: skip


def duration_chart(windows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Chart:
    """Return the percentiles of durations over time; `names` has the label of each field of the windows."""
    values = [window[field] for window in windows for field in names if window[field] is not None]
    highest = max(values, default=0.0) or 1.0
    scale = _Scale(windows, highest)
    lines = [
        Line(label, f"line-{number}", scale.points(windows, field))
        for number, (field, label) in enumerate(names.items())
    ]
    ticks = [Tick(scale.y(highest * part), duration_text(round(highest * part * _SECOND))) for part in (0, 0.5, 1)]
    return Chart(
        f"Durations over time, at most {duration_text(round(highest * _SECOND))}", lines, [], scale.ticks(), ticks
    )


def outcome_chart(windows: Sequence[Mapping[str, Any]]) -> Chart:
    """Return how many ended in each window, the failed ones at the bottom."""
    highest = max((window["count"] for window in windows), default=0) or 1
    scale = _Scale(windows, highest)
    bars: list[tuple[str, Bar]] = []
    for window in windows:
        x, failed = scale.x(window["window_start"]), window["error"]
        text = f"{time_text(window['window_start'])}: {window['count']:,} ended, {failed:,} failed"
        bars.append(("ended", scale.bar(x, failed, window["count"], text)))
        bars.append(("failed", scale.bar(x, 0, failed, text)))
    ticks = [Tick(scale.y(highest * part), f"{round(highest * part):,}") for part in (0, 1)]
    return Chart(f"Ended over time, at most {highest:,} in a window", [], bars, scale.ticks(), ticks)


class _Scale:
    """Places of times and values."""

    def __init__(self, windows: Sequence[Mapping[str, Any]], highest: float) -> None:
        self._first = min((window["window_start"] for window in windows), default=0)
        length = windows[0]["window_s"] * 1_000_000 if windows else 1
        last = max((window["window_start"] for window in windows), default=0) + length
        self._span, self._length, self._highest = max(last - self._first, 1), length, highest

    def x(self, time: int) -> float:
        return round(_LEFT + (WIDTH - _LEFT - 8) * (time - self._first) / self._span, 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * value / self._highest, 1)

    def bar(self, x: float, low: float, high: float, text: str) -> Bar:
        width = max(1.0, (WIDTH - _LEFT - 8) * self._length / self._span - 1)
        return Bar(x, self.y(high), round(width, 1), round(self.y(low) - self.y(high), 1), text)

    def points(self, windows: Sequence[Mapping[str, Any]], field: str) -> str:
        values = [(window["window_start"], window[field]) for window in windows if window[field] is not None]
        # A single point is no line: a lonely window has its value from its begin to its end.
        offsets = (0, self._length) if len(values) == 1 else (self._length // 2,)
        return " ".join(f"{self.x(start + offset)},{self.y(value)}" for start, value in values for offset in offsets)

    def ticks(self) -> list[Tick]:
        times = [self._first + self._span * part // 4 for part in range(4)]
        return [Tick(self.x(time), time_text(time)[5:16]) for time in times]
