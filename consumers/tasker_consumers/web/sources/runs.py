"""The events of a run, read from Kafka for a page, and kept for the next pages about the same run."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from tasker_consumers.trace_view.readers import Records, RunReader
from tasker_consumers.trace_view.rebuild import GrowingRun, Run, rebuild
from tasker_consumers.web.sources.answers import Answers
from tasker_consumers.web.sources.live.followed_run import FollowedRun, ReadRun, snapshot
from tasker_schemas.avro.codec import SchemaLookup

#: Events of all runs in memory together, and seconds after which a run is looked at again.
_MOST_EVENTS, _KEPT_S = 300_000, 60.0
#: Runs that are read at the same time: others wait. Runs share so many locks.
_AT_ONCE, _LOCKS = 2, 64
#: Seconds for which the beginning of a run is kept.
_BEGINNING_KEPT_S = 10.0
#: A service's clock may be ahead of the brokers' by so much.
_MARGIN_MS = 3_600_000

OpenReader = Callable[[int | None], RunReader]
"""Returns a reader of the records that arrived since a time in milliseconds."""


class _Entry(NamedTuple):
    """A run that was read, and how it is read on; None for a run that is not."""

    read: ReadRun
    followed: FollowedRun | None
    mark: object
    read_at: float


def earliest_arrival(begin: int) -> int:
    """Return from when on the events of a task arrived, in milliseconds; `begin` is the task's own, microseconds."""
    return max(0, begin // 1000 - _MARGIN_MS)


class RunCache:
    """Reads runs; `mark` is anything that changes with the run, so that a stored run is the present one.

    A run that was read before is read on: its page costs what is new. Who asks for a run that is being read waits for
    it: a page asks for its rows and for the details of the first at the same time.
    """

    def __init__(self, open_reader: OpenReader, lookup: SchemaLookup | None = None) -> None:
        self._open_reader = open_reader
        self._lookup = lookup
        self._runs: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._turns = [threading.Lock() for _ in range(_LOCKS)]
        self._beginnings: Answers[Run] = Answers(_BEGINNING_KEPT_S)

    def read(self, identifier: str, mark: object, since: int | None = None) -> ReadRun:
        """Return the run of a task or of a trace; without events if Kafka has none of it.

        Records that arrived before `since` (milliseconds) are left out. Raises BackendUnavailable when Kafka is away.
        """

        def follow() -> tuple[ReadRun, FollowedRun]:
            followed = self._followed(identifier)
            if followed is None:
                followed = FollowedRun(identifier, self._open_reader(since), self._lookup)
            return followed.read(), followed

        return self._get_or_read(identifier, mark, follow)

    def load(self, identifier: str, mark: object, read_records: Callable[[], Records]) -> ReadRun:
        """Return the run of the records that a function reads, unless it is kept."""

        def read() -> tuple[ReadRun, None]:
            run = GrowingRun(self._lookup)
            run.add(read_records())
            return snapshot(run), None

        return self._get_or_read(identifier, mark, read)

    def has(self, identifier: str, mark: object) -> bool:
        """Return whether a run is there at once, or soon: it is kept, or only read on."""
        return self._get(identifier, mark) is not None or self._followed(identifier) is not None

    def beginning(self, task_id: str, since: int | None, count: int) -> Run:
        """Return the run of a task as its first events tell it: soon there, however many it has."""

        def read() -> Run:
            return rebuild(self._open_reader(since).of_task(task_id, count), self._lookup)

        return self._beginnings.get((task_id, count), read)

    def _get_or_read(
        self, identifier: str, mark: object, read: Callable[[], tuple[ReadRun, FollowedRun | None]]
    ) -> ReadRun:
        if (entry := self._get(identifier, mark)) is not None:
            return entry.read
        with self._turns[hash(identifier) % _LOCKS], self._slots:
            if (entry := self._get(identifier, mark)) is not None:
                return entry.read
            try:
                result, followed = read()
            except BaseException:
                with self._lock:
                    self._runs.pop(identifier, None)  # the records of a reading that failed may be lost to it
                raise
            self._keep(identifier, _Entry(result, followed, mark, time.monotonic()))
        return result

    def _get(self, identifier: str, mark: object) -> _Entry | None:
        with self._lock:
            entry = self._runs.get(identifier)
            if entry is None or entry.mark != mark or time.monotonic() - entry.read_at > _KEPT_S:
                return None
            self._runs.move_to_end(identifier)
            return entry

    def _followed(self, identifier: str) -> FollowedRun | None:
        with self._lock:
            entry = self._runs.get(identifier)
        followed = None if entry is None else entry.followed
        return followed if followed is not None and followed.goes_on() else None

    def _keep(self, identifier: str, entry: _Entry) -> None:
        with self._lock:
            self._runs[identifier] = entry
            self._runs.move_to_end(identifier)
            while len(self._runs) > 1 and self._events() > _MOST_EVENTS:
                self._runs.popitem(last=False)

    def _events(self) -> int:
        return sum(len(entry.read.run.events) for entry in self._runs.values())
