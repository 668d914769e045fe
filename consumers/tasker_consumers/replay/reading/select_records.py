"""From a selection to its records."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from tasker_consumers.replay.payload import decode
from tasker_consumers.replay.reading.offset_range import NOTHING, OffsetRange, Reached, remainder
from tasker_consumers.replay.reading.plan import Plan
from tasker_consumers.replay.reading.read import NO_PROGRESS, ReadingProgress, open_source, read
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.record_facts import DecodeRecord, RecordFacts
from tasker_consumers.replay.selection.selection import Matcher, Selection
from tasker_schemas.avro.codec import Decoder

#: Offsets from which on a scan is worth its start.
LARGE = 100_000


class SelectedRecords:
    """The records of a selection; iterating reads them from Kafka, with a consumer that joins no group.

    A task's records, and those of a trace, come by the time at which their events happened; all others by the time of
    their arrival. Iterating raises UsageError when no topic is there, and BackendUnavailable when Kafka is away.
    `after` is what another reading of this task or trace `reached`: then only the records that arrived since are read.
    """

    def __init__(
        self,
        kafka: Mapping[str, str],
        selection: Selection,
        prefix: str,
        decoder: Decoder | None = None,
        progress: ReadingProgress = NO_PROGRESS,
        after: Reached = NOTHING,
    ) -> None:
        self.selection = selection
        #: Whether all partitions were read because the task's own hold no record of it.
        self.searched_everywhere = after.searched_everywhere
        self._after = after
        self._ends: Mapping[tuple[str, int], int] = {}
        self._kafka = kafka
        self._prefix = prefix
        self._progress = progress
        decoder = decoder or Decoder()
        self._decode = lambda record: decode(record, decoder)
        self._matcher = Matcher(selection, self._decode)

    @property
    def unreadable(self) -> int:
        """How many records could not be read although the selection had to look into them."""
        return self._matcher.unreadable

    @property
    def reached(self) -> Reached:
        """How far the partitions were read, as soon as all records came."""
        return Reached(self._ends, self.searched_everywhere)

    def __iter__(self) -> Iterator[StoredRecord]:
        if self.selection.task_id is None and self.selection.trace_id is None:
            return self.by_arrival()
        return islice(by_event_time(self._read(None), self._decode), self.selection.limit)

    def by_arrival(self) -> Iterator[StoredRecord]:
        """Yield the records as they are read, by the time of their arrival, without a look into their events."""
        return islice(self._read(self.selection.limit), self.selection.limit)

    def _read(self, limit: int | None) -> Iterator[StoredRecord]:
        with open_source(self._kafka) as planner:
            plan = Plan(planner, self._kafka, self.selection, self._prefix)
            self._ends = plan.ends()
            if self._after.ends:
                ranges = plan.everything() if self.searched_everywhere else plan.first()
                yield from self._read_ranges(self._after.unread(ranges), limit)
                return
            ranges = plan.first()
            empty = True
            for record in self._read_ranges(ranges, limit):
                empty = False
                yield record
            if empty and self.selection.task_id is not None:
                self.searched_everywhere = True
                yield from self._read_ranges(remainder(plan.everything(), ranges), limit)

    def _read_ranges(self, ranges: Sequence[OffsetRange], limit: int | None) -> Iterator[StoredRecord]:
        if not ranges:
            return
        if sum(span.end - span.start for span in ranges) >= LARGE:
            # aiokafka takes half a second to import.
            from tasker_consumers.replay.reading.read_large import is_scan, read_large  # noqa: PLC0415

            if is_scan(self._kafka, self.selection):
                yield from read_large(self._kafka, ranges, self.selection, self._matcher, self._progress)
                return
        # A consumer of its own: after a new assignment the client can still return messages of the previous one.
        with open_source(self._kafka) as reader:
            yield from read(reader, ranges, self._matcher, self._progress, limit)


def by_event_time(records: Iterable[StoredRecord], decode_record: DecodeRecord) -> list[StoredRecord]:
    """Return records in the order in which their events happened; those without a time come last."""

    def position(record: StoredRecord) -> tuple[bool, int, int, str, int, int]:
        happened = RecordFacts(record, decode_record).happened_at
        arrived = record.timestamp or 0
        return happened is None, happened or 0, arrived, record.topic, record.partition, record.offset

    return sorted(records, key=position)


def select_records(kafka: Mapping[str, str], selection: Selection, prefix: str) -> SelectedRecords:
    """Return the records of a selection, decoded without a registry where the selection asks for payloads."""
    return SelectedRecords(kafka, selection, prefix)
