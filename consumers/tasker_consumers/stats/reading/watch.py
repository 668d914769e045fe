"""Watching tasks: when a task is final, and which lines to print while nothing comes."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from tasker_consumers.stats.core.contribution import contribution_of_stats
from tasker_consumers.stats.reading.sources import LatestStats, Stats, StatsSource
from tasker_schemas.names import State

#: Seconds without a change after which a task that is over is final although steps of it are missing: the end of a task
#: and the end of its last step come from two topics.
GRACE_S = 8.0
#: Seconds without an answer after which a watcher is told.
SILENCE_S = 10.0


class Watch:
    """Follows a task, or all tasks of a name, until the task is final; of many tasks for ever.

    `monotonic` returns seconds of a clock that is never set.
    """

    def __init__(
        self, latest: LatestStats, task_id: str | None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._latest = latest
        self._task_id = task_id
        self._monotonic = monotonic
        self._changed_at = monotonic()

    def poll(self, source: StatsSource, wait_s: float) -> list[Stats]:
        """Return the statistics that changed, waiting up to `wait_s` seconds for a change."""
        changed = [stats for stats in source.changes(wait_s) if self._latest.learn(stats)]
        if changed:
            self._changed_at = self._monotonic()
        return changed

    def is_over(self) -> bool:
        """Return whether the watched task is final: all its steps have ended, or none was heard of for some seconds."""
        stats = self._latest.tasks.get(self._task_id) if self._task_id is not None else None
        if stats is None or contribution_of_stats(stats) is None:
            return False
        return stats["pending_steps"] == 0 or self._monotonic() - self._changed_at > GRACE_S

    def notice(self, source: StatsSource) -> str | None:
        """Return a line on why nothing is shown or nothing moves, None when all is well."""
        silence_s = source.silence_s()
        if silence_s >= SILENCE_S:
            return f"no answer from {source.name} for {silence_s:.0f} s"
        if self._task_id is not None and not self._latest.tasks:
            return f"waiting for {self._task_id}…"
        return None


def missing_steps(stats: Mapping[str, Any]) -> str | None:
    """Return a line on the steps of a complete task that were not heard of, None when there are none.

    >>> missing_steps({"status": "complete", "pending_steps": 1})
    '1 step not heard of'
    """
    missing = stats["pending_steps"]
    if stats["status"] != State.COMPLETE or not missing:
        return None
    return f"{missing} step{'s' if missing > 1 else ''} not heard of"
