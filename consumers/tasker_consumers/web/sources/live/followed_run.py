"""A run that goes on: of each visit only the records that are new are read and folded."""

import time
from dataclasses import dataclass, field
from typing import Any

from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.trace_view.readers import MARGIN_MS, Records, RunReader, find_records
from tasker_consumers.trace_view.rebuild import GrowingRun, Run
from tasker_consumers.web.sources.answers import Answers
from tasker_schemas.avro.codec import SchemaLookup

#: Seconds after which a run is read anew from its begin: somebody may have made the topics anew.
_LONGEST_S = 600.0
#: Moments of a run whose trees are kept, and for how many seconds.
_MOST_TREES, _KEPT_S = 2, 60.0


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run as it was read, its spans and the statistics of its tasks, with the trees that pages made by moment."""

    run: Run
    spans: list[Span]
    tasks: list[dict[str, Any]]
    trees: Answers[Any] = field(default_factory=lambda: Answers(_KEPT_S, _MOST_TREES))


class FollowedRun:
    """Reads a run with a reader that returns each record once, and is not to be used after an error.

    A single thread at a time uses it.
    """

    def __init__(self, identifier: str, reader: RunReader, lookup: SchemaLookup | None = None) -> None:
        self._identifier = identifier
        self._reader = reader
        self._growing = GrowingRun(lookup)
        self._begun_at = time.monotonic()
        self._newest_ms = self._read_ms = 0

    def goes_on(self) -> bool:
        """Return whether the new records are enough: the other tasks of a trace are searched near the known records."""
        is_young = time.monotonic() - self._begun_at < _LONGEST_S
        return is_young and len(self._growing) > 0 and self._read_ms <= self._newest_ms + MARGIN_MS

    def read(self) -> ReadRun:
        """Return the run with all records that arrived by now. Raises BackendUnavailable when Kafka is away."""
        self._read_ms = time.time_ns() // 1_000_000
        records = self._new_records()
        self._newest_ms = max([self._newest_ms, *(record.timestamp or 0 for record in records)])
        self._growing.add(records)
        return snapshot(self._growing)

    def _new_records(self) -> Records:
        records = find_records(self._identifier, self._reader, alone=False)
        if records or not len(self._growing):
            return records
        return self._reader.of_trace(set(), [])  # those of the other tasks


def snapshot(growing: GrowingRun) -> ReadRun:
    """Return a run as it is now."""
    return ReadRun(growing.run(), growing.spans(), growing.tasks())
