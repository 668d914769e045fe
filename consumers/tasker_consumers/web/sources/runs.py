"""The events of a run, read from Kafka for a page, and kept for the next pages about the same run."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tasker_consumers.trace_view.readers import Records, RunReader, find_records
from tasker_consumers.trace_view.rebuild import Run, rebuild
from tasker_consumers.web.sources.answers import Answers
from tasker_schemas.avro.codec import SchemaLookup

#: Events of all runs in memory together, and seconds for which a run stays there.
_MOST_EVENTS, _KEPT_S = 300_000, 60.0
#: Runs that are read at the same time: others wait. Moments of a run whose folds are kept.
_AT_ONCE, _MOST_FOLDS = 2, 2
#: Seconds for which the beginning of a run is kept.
_BEGINNING_KEPT_S = 10.0
#: A service's clock may be ahead of the brokers' by so much.
_MARGIN_MS = 3_600_000

OpenReader = Callable[[int | None], RunReader]
"""Returns a reader of the records that arrived since a time in milliseconds."""


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run that was read, with whatever pages have folded from it by the moment that they show."""

    run: Run
    read_at: float
    mark: object
    folds: Answers[Any] = field(default_factory=lambda: Answers(_KEPT_S, _MOST_FOLDS))


def earliest_arrival(begin: int) -> int:
    """Return from when on the events of a task arrived, in milliseconds; `begin` is the task's own, microseconds."""
    return max(0, begin // 1000 - _MARGIN_MS)


class RunCache:
    """Reads runs; `mark` is anything that changes with the run, so that a stored run is the present one."""

    def __init__(self, open_reader: OpenReader, lookup: SchemaLookup | None = None) -> None:
        self._open_reader = open_reader
        self._lookup = lookup
        self._runs: OrderedDict[str, ReadRun] = OrderedDict()
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._beginnings: Answers[Run] = Answers(_BEGINNING_KEPT_S)

    def read(self, identifier: str, mark: object, since: int | None = None) -> ReadRun:
        """Return the run of a task or of a trace; without events if Kafka has none of it.

        Records that arrived before `since` (milliseconds) are left out. Raises BackendUnavailable when Kafka is away.
        """
        return self.load(identifier, mark, lambda: find_records(identifier, self._open_reader(since), alone=False))

    def has(self, identifier: str, mark: object) -> bool:
        """Return whether a run is kept."""
        return self._get(identifier, mark) is not None

    def beginning(self, task_id: str, since: int | None, count: int) -> Run:
        """Return the run of a task as its first events tell it: soon there, however many it has."""

        def read() -> Run:
            return rebuild(self._open_reader(since).of_task(task_id, count), self._lookup)

        return self._beginnings.get((task_id, count), read)

    def load(self, identifier: str, mark: object, read_records: Callable[[], Records]) -> ReadRun:
        """Return the run of the records that a function reads, unless it is kept."""
        if (entry := self._get(identifier, mark)) is not None:
            return entry
        with self._slots:
            if (entry := self._get(identifier, mark)) is not None:
                return entry
            read = ReadRun(rebuild(read_records(), self._lookup), time.monotonic(), mark)
        self._keep(identifier, read)
        return read

    def _get(self, identifier: str, mark: object) -> ReadRun | None:
        with self._lock:
            entry = self._runs.get(identifier)
            if entry is None or entry.mark != mark or time.monotonic() - entry.read_at > _KEPT_S:
                return None
            self._runs.move_to_end(identifier)
            return entry

    def _keep(self, identifier: str, read: ReadRun) -> None:
        with self._lock:
            self._runs[identifier] = read
            self._runs.move_to_end(identifier)
            while len(self._runs) > 1 and sum(len(entry.run.events) for entry in self._runs.values()) > _MOST_EVENTS:
                self._runs.popitem(last=False)
