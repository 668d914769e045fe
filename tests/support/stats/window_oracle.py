"""Windows from scratch: all events of a history folded in one go, and what they count for added up one by one."""

from collections.abc import Iterable
from typing import Any

from tasker_consumers.stats.core.contribution import Contribution, contribution_of_stats
from tasker_consumers.stats.core.derive import derive_stats
from tasker_consumers.stats.core.fold import fold
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S, STEP, TASK, Window, WindowKey, merge, start_of


def from_scratch(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the windows that a history adds up to, one contribution after the other."""
    states: dict[str, TaskState] = {}
    for told in events:
        states[told["task_id"]] = fold(states.get(told["task_id"]), told)
    counted: list[tuple[str, Contribution | None]] = []
    for state in states.values():
        counted.append((TASK, contribution_of_stats(derive_stats(state))))
        counted += [(STEP, after.contribution) for _, after in state.steps.changes()]
    windows: dict[WindowKey, Window] = {}
    for kind, part in counted:
        if part is not None:
            for length in (MINUTE_S, HOUR_S):
                place = WindowKey(kind, part.name, length, start_of(part.ended_at, length))
                windows.setdefault(place, Window()).add(part)
    return without_revisions(merge(window.value(place, 0) for place, window in windows.items()))


def without_revisions(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return windows without the field that tells when they changed."""
    return [{name: told for name, told in value.items() if name != "revision"} for value in values]
