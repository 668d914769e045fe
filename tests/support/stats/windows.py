"""Windows of given durations."""

from collections.abc import Iterable, Sequence
from typing import Any

from tasker_consumers.stats.core.contribution import Contribution
from tasker_consumers.stats.core.windows import Window, WindowKey
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State

_SECOND = 1_000_000


def windows_of_durations(
    minutes: Iterable[tuple[int, Sequence[float]]], name: str = "order", length_s: int = 60
) -> list[dict[str, Any]]:
    """Return a window of complete tasks for each minute with its durations in seconds."""
    windows = []
    for minute, durations in minutes:
        start = minute * 60 * _SECOND
        window = Window()
        for duration in durations:
            window.add(Contribution(name, start, RANK[State.COMPLETE], 0, round(duration * _SECOND)))
        windows.append(window.value(WindowKey("task", name, length_s, start), 1))
    return windows
