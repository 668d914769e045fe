"""The headers of a record that is published again: its own, as far as they may go, and the marks of a replay."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.headers import (
    CE_ID,
    CE_SOURCE,
    CE_SPECVERSION,
    CE_SUBJECT,
    CE_TIME,
    CE_TYPE,
    CONTENT_TYPE,
    ORIGIN,
    PARENT,
    REPLAY,
    TRACEPARENT,
    TRACESTATE,
)

#: Headers that consumers of events read. To another cluster no other goes, unless it is named: headers of a replication
#: would make the other cluster's replication skip the records.
EVENT_HEADERS = frozenset({
    CE_ID, CE_SOURCE, CE_SPECVERSION, CE_SUBJECT, CE_TIME, CE_TYPE, CONTENT_TYPE, ORIGIN, PARENT, TRACEPARENT,
    TRACESTATE,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """Which headers go along: all but the dropped ones, or of these only the allowed ones."""

    dropped: frozenset[str] = frozenset()
    allowed: frozenset[str] | None = None

    def stamped(self, record: StoredRecord, replay_id: str) -> list[tuple[str, bytes | None]]:
        """Return a record's headers with the marks of a replay.

        A record that is replayed again keeps the mark of its first origin.
        """
        headers = [(name, value) for name, value in record.headers if name != REPLAY and self._keeps(name)]
        if all(name != ORIGIN for name, _ in headers):
            headers.append((ORIGIN, record.origin.encode()))
        return [*headers, (REPLAY, replay_id.encode())]

    def _keeps(self, name: str) -> bool:
        return name not in self.dropped and (self.allowed is None or name in self.allowed)


ALL_HEADERS = HeaderRule()


def origin_of(record: StoredRecord) -> str:
    """Return where a record first lay: its mark if it was replayed, else its position."""
    mark = record.header(ORIGIN)
    return record.origin if mark is None else mark.decode("utf-8", "replace")


def published_origins(records: Iterable[StoredRecord], replay_id: str) -> Counter[str]:
    """Return how often each origin is among the records of a replay."""
    mark = replay_id.encode()
    return Counter(origin_of(record) for record in records if record.header(REPLAY) == mark)


def without_published(records: Iterable[StoredRecord], published: Counter[str]) -> Iterator[StoredRecord]:
    """Yield the records that a replay has not published yet; one origin can have several records."""
    remaining = published.copy()
    for record in records:
        origin = origin_of(record)
        if remaining[origin] > 0:
            remaining[origin] -= 1
        else:
            yield record
