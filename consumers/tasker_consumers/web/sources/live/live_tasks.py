"""The newest tasks in memory, as they change: read by a thread of its own, bounded, asked by any number of viewers."""

import heapq
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from tasker_consumers.stats.reading.sources import LatestStats, Stats, StatsSource
from tasker_consumers.web.sources.live.follower import Follower
from tasker_schemas.errors import TaskerEventsError

#: Tasks that are kept; beyond it the longest silent ones are forgotten, a tenth at a time.
CAPACITY = 50_000
_WAIT_S = 0.5
_PAUSES_S = (1.0, 2.0, 5.0, 10.0)

OpenSource = Callable[[], AbstractContextManager[StatsSource]]
"""Opens the source of tasks that change; may raise any of our errors."""

logger = logging.getLogger(__name__)


@runtime_checkable
class FoldingSource(Protocol):
    """A source that folds events by itself."""

    @property
    def notice(self) -> str | None:
        """A sentence for people on which events it leaves out; None while it reads all."""


class LiveTasks:
    """Follows a source of statistics in the thread of a `follower`; begins anew when the source fails.

    `version` grows with every change, so that a viewer knows whether there is anything to draw.
    """

    def __init__(self, open_source: OpenSource, capacity: int = CAPACITY) -> None:
        self._open_source = open_source
        self._capacity = capacity
        self._lock = threading.Lock()
        self._latest = LatestStats()
        self._latest_learned = 0
        self.follower = Follower("live-tasks", self._follow, self._fail, _PAUSES_S)
        self.version = 0
        #: Whether older tasks than those in memory were forgotten.
        self.is_cut = False
        #: A sentence on why nothing changes; None while all is well.
        self.trouble: str | None = "the statistics are being read"
        #: A sentence on which tasks are not shown; None while all are.
        self.notice: str | None = None
        #: The time of the latest event that the statistics tell of, in microseconds; None of a source that folds.
        self.latest_event_at: int | None = None
        #: Set as soon as the source was read up to its present end.
        self.is_ready = threading.Event()

    def newest(
        self, count: int, accepts: Callable[[Mapping[str, Any]], bool], place: tuple[int, str] | None = None
    ) -> list[Stats]:
        """Return the accepted tasks with the latest events, at most `count`, behind the place of another task."""
        with self._lock:
            tasks = list(self._latest.tasks.values())
        selected = (task for task in tasks if (place is None or order_of(task) < place) and accepts(task))
        return heapq.nlargest(count, selected, key=order_of)

    def get(self, task_id: str) -> Stats | None:
        """Return the statistics of a task; None for a task that is not in memory."""
        with self._lock:
            return self._latest.tasks.get(task_id)

    def _fail(self, error: Exception) -> None:
        self.trouble = str(error)
        if not isinstance(error, TaskerEventsError):
            logger.error("The statistics cannot be read", exc_info=error)
            self.trouble = "the statistics cannot be read; the log says why"

    def _follow(self) -> None:
        with self._open_source() as source:
            for stats in source.backlog():
                self._learn([stats])
                if self.follower.is_ending:
                    return
            self._note_source(source)
            self.trouble = None
            self.is_ready.set()
            while not self.follower.is_ending:
                self._learn(source.changes(_WAIT_S))
                self._note_source(source)
                silence_s = source.silence_s()
                is_silent = silence_s > 10 * max(_WAIT_S, 1.0)
                self.trouble = f"no answer from {source.name} for {silence_s:.0f} s" if is_silent else None

    def _note_source(self, source: StatsSource) -> None:
        if isinstance(source, FoldingSource):
            self.notice, self.latest_event_at = source.notice, None
        else:
            self.notice, self.latest_event_at = None, self._latest_learned

    def _learn(self, changes: Iterable[Stats]) -> None:
        with self._lock:
            changed = [stats for stats in changes if self._latest.learn(stats)]
            self.version += bool(changed)
            self._latest_learned = max([self._latest_learned, *(stats["last_event_at"] or 0 for stats in changed)])
            if len(self._latest.tasks) > self._capacity:
                self._forget()

    def _forget(self) -> None:
        newest = heapq.nlargest(self._capacity - self._capacity // 10, self._latest.tasks.values(), key=order_of)
        self._latest.tasks = {task["task_id"]: task for task in newest}
        self.is_cut = True


def order_of(task: Mapping[str, Any]) -> tuple[int, str]:
    """Return the place of a task in lists, the greatest first: latest event, then id."""
    return task["last_event_at"] or 0, task["task_id"]
