"""From the records of a run to its spans, its statistics and the payloads of its events."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tasker_consumers.replay.payload import family_of_record, family_of_topic
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.telemetry.core.event import Event, read_event, span_decoder
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.trace_view.growing_folds import GrowingFolds
from tasker_schemas.avro.codec import Decoder, SchemaLookup
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.topics import event_topic

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(slots=True)
class Run:
    """The readable events of tasks, in the order of their own times; fold them with `spans` and `tasks`."""

    events: list[Event] = field(default_factory=list)
    payloads: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Headers] = field(default_factory=list)
    #: Topic, partition and offset of each event.
    origins: list[str] = field(default_factory=list)
    #: A sentence for each record that cannot be read.
    unreadable: list[str] = field(default_factory=list)

    def spans(self) -> list[Span]:
        """Return the spans of all tasks, those that have not ended too."""
        return self._folds().spans()

    def tasks(self) -> list[dict[str, Any]]:
        """Return the statistics of all tasks."""
        return self._folds().tasks()

    def events_before(self, moment: int) -> "Run":
        """Return the run with the events before a moment only; microseconds since the epoch."""
        return self._prefix(sum(payload["timestamp"] < moment for payload in self.payloads))

    def first(self, count: int) -> "Run":
        """Return the run as its first events tell it."""
        return self._prefix(count)

    def _folds(self) -> GrowingFolds:
        folds = GrowingFolds()
        folds.add(self.events, self.payloads, self.headers)
        return folds

    def _prefix(self, count: int) -> "Run":
        return Run(
            self.events[:count], self.payloads[:count], self.headers[:count], self.origins[:count], self.unreadable
        )


class _Entry(NamedTuple):
    """An event at its place in a run: by its own time, then by the arrival of its record."""

    timestamp: int
    arrival: tuple[int, str, int, int]
    event: Event
    payload: dict[str, Any]
    headers: Headers
    origin: str


class GrowingRun:
    """A run whose records come bit by bit: a record that comes twice counts once, and old ones are not folded again."""

    def __init__(self, lookup: SchemaLookup | None = None) -> None:
        self._decode = Decoder(lookup).decode
        self._decode_for_spans = span_decoder(lookup).decode
        self._origins: set[str] = set()
        self._entries: list[_Entry] = []
        self._unreadable: list[str] = []
        self._folds = GrowingFolds()

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self._entries)

    def add(self, records: Iterable[StoredRecord]) -> None:
        """Add records, in any order. Raises BackendUnavailable as `rebuild` does."""
        new = []
        for record in records:
            if (origin := record.origin) in self._origins:
                continue
            self._origins.add(origin)
            try:
                new.append(self._read(record, origin))
            except PoisonRecord as error:
                self._unreadable.append(f"{origin} cannot be read: {error}")
        new.sort(key=_position)
        is_in_order = not self._entries or not new or _position(self._entries[-1]) <= _position(new[0])
        self._entries += new
        if not is_in_order:
            self._entries.sort(key=_position)
        self._folds.add(*([getattr(entry, name) for entry in new] for name in ("event", "payload", "headers")))

    def run(self) -> Run:
        """Return the run as it is now; further records do not change it."""
        entries = self._entries
        return Run(
            [entry.event for entry in entries],
            [entry.payload for entry in entries],
            [entry.headers for entry in entries],
            [entry.origin for entry in entries],
            list(self._unreadable),
        )

    def spans(self) -> list[Span]:
        """Return what `Run.spans` would; the spans that no new record can have changed are those of before."""
        return self._folds.spans()

    def tasks(self) -> list[dict[str, Any]]:
        """Return what `Run.tasks` would."""
        stats = {task["task_id"]: task for task in self._folds.tasks()}
        task_ids = dict.fromkeys(entry.payload.get("task_id") for entry in self._entries)
        return [stats[task_id] for task_id in task_ids if task_id in stats]

    def _read(self, record: StoredRecord, origin: str) -> _Entry:
        event = read_event(_in_event_topic(record), self._decode_for_spans)
        payload = self._decode(RECORD_OF_FAMILY[event.family], record.value)
        return _Entry(payload["timestamp"], record.arrival, event, payload, record.headers, origin)


def _position(entry: _Entry) -> tuple[int, tuple[int, str, int, int]]:
    return entry.timestamp, entry.arrival


def rebuild(records: Iterable[StoredRecord], lookup: SchemaLookup | None = None) -> Run:
    """Return the run of the records; a record that comes twice counts once.

    Raises BackendUnavailable when the registry must be asked and does not answer.
    """
    growing = GrowingRun(lookup)
    growing.add(records)
    return growing.run()


def _in_event_topic(record: StoredRecord) -> StoredRecord:
    """Return the record as if it lay in the topic of its family: a copy can lie in any topic."""
    if family_of_topic(record.topic) is not None:
        return record
    family = family_of_record(record)
    if family is None:
        return record
    topic = event_topic(family)
    return StoredRecord(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        key=record.key,
        value=record.value,
        headers=record.headers,
    )
