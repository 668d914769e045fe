"""Where statistics are read from: a worker over HTTP (`worker`) and the topics (`topics`) have the same methods."""

from collections.abc import Iterator
from typing import Any, Protocol

from tasker_consumers.stats.core.contribution import contribution_of_stats
from tasker_schemas.names import State

Stats = dict[str, Any]
"""The fields of a record `TaskStats` or `StatsWindow`."""


class StatsSource(Protocol):
    """A worker or the topics, asked for a task, for all tasks of a name, or for windows.

    Each method raises BackendUnavailable when there is no answer.
    """

    @property
    def name(self) -> str:
        """The name of the source, for people."""

    @property
    def unreadable(self) -> int:
        """The number of records that cannot be decoded."""

    def backlog(self) -> Iterator[Stats]:
        """Yield the present statistics; a task may come several times, with growing revisions."""

    def changes(self, wait_s: float) -> list[Stats]:
        """Return the statistics that changed since the last call, waiting up to `wait_s` seconds for a change."""

    def silence_s(self) -> float:
        """Return the seconds since the source last answered."""

    def windows(self, kind: str, name: str, length_s: int) -> list[Stats]:
        """Return the windows of tasks or steps of a name, by time; `length_s` is 60 or 3600."""


class LatestStats:
    """The latest statistics of each task, or of each task of a name: of two records, that with the higher revision.

    Records of the same revision can differ after a replay, and then the later record holds.
    """

    def __init__(self, name: str | None = None) -> None:
        self.tasks: dict[str, Stats] = {}
        self._name = name

    def learn(self, stats: Stats) -> bool:
        """Keep a record unless it is of another name or older, and return whether anything changed."""
        latest = self.tasks.get(stats["task_id"])
        if self._name not in (None, stats["task_name"]) or (latest and stats["revision"] < latest["revision"]):
            return False
        self.tasks[stats["task_id"]] = stats
        return stats != latest

    def unfinished(self) -> list[Stats]:
        """Return the tasks that are not over, and complete tasks of which steps are missing."""
        return [
            stats
            for stats in self.tasks.values()
            if contribution_of_stats(stats) is None or (stats["status"] == State.COMPLETE and stats["pending_steps"])
        ]
