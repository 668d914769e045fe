"""From the records of a run to its spans, its statistics and the payloads of its events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasker_consumers.replay.payload import family_of_record, family_of_topic
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.telemetry.core.event import Event, read_event, span_decoder
from tasker_consumers.telemetry.rebuild import spans_of_events
from tasker_consumers.telemetry.spans.span import Span
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
        return spans_of_events(self.events)

    def tasks(self) -> list[dict[str, Any]]:
        """Return the statistics of all tasks."""
        return list(recompute(self.payloads, self.headers).values())

    def events_before(self, moment: int) -> "Run":
        """Return the run with the events before a moment only; microseconds since the epoch."""
        return self._prefix(sum(payload["timestamp"] < moment for payload in self.payloads))

    def first(self, count: int) -> "Run":
        """Return the run as its first events tell it."""
        return self._prefix(count)

    def _prefix(self, count: int) -> "Run":
        return Run(
            self.events[:count], self.payloads[:count], self.headers[:count], self.origins[:count], self.unreadable
        )


def rebuild(records: Iterable[StoredRecord], lookup: SchemaLookup | None = None) -> Run:
    """Return the run of the records; a record that comes twice counts once.

    Raises BackendUnavailable when the registry must be asked and does not answer.
    """
    decode, decode_for_spans = Decoder(lookup).decode, span_decoder(lookup).decode
    entries: list[tuple[int, int, Event, dict[str, Any], StoredRecord]] = []
    unreadable = []
    for position, record in enumerate(_distinct(records)):
        try:
            event = read_event(_in_event_topic(record), decode_for_spans)
            payload = decode(RECORD_OF_FAMILY[event.family], record.value)
        except PoisonRecord as error:
            unreadable.append(f"{record.origin} cannot be read: {error}")
        else:
            entries.append((payload["timestamp"], position, event, payload, record))
    entries.sort(key=lambda entry: entry[:2])
    records_in_order = [entry[4] for entry in entries]
    return Run(
        [entry[2] for entry in entries],
        [entry[3] for entry in entries],
        [record.headers for record in records_in_order],
        [record.origin for record in records_in_order],
        unreadable,
    )


def _distinct(records: Iterable[StoredRecord]) -> Sequence[StoredRecord]:
    return list({record.origin: record for record in records}.values())


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
