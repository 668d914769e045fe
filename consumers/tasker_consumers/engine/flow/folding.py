"""The hot loop of a batch: its records are decoded, and folded into the states that they touch, key by key."""

from collections.abc import Sequence
from typing import Any

from tasker_consumers.engine.flow.quarantine import Burial, failed, is_record_fault
from tasker_consumers.engine.processor import Processor, Read, Record
from tasker_consumers.engine.unreadable_batch import UnreadableBatch
from tasker_schemas.errors import BackendUnavailable, PoisonReason, PoisonRecord


class Folding:
    """The states that a batch touches, by key, and the records that cannot be read.

    The records of a key are taken one after another: its state is in the processor's cache then. It is compiled, so it
    awaits nothing: the caller gives others their turn.
    """

    def __init__(self, processor: Processor[Any, Any], read: Read, records: Sequence[Record]) -> None:
        self.touched: dict[bytes, Any] = {}
        self.burials: list[Burial] = []
        #: The records in the order in which they are taken, and how many of them are done.
        self.records: list[Record] = []
        self.position = 0
        self._keys: list[Any] = []  # of these records; None for one without a key
        self._read = read
        self._decode, self._load, self._fold = processor.decode, processor.load, processor.fold
        self._group(records)

    def advance(self, count: int) -> BackendUnavailable | None:
        """Take so many records more; stop at a record that needs a backend which is away, and return the error.

        Raises the errors that are no record's fault.
        """
        end = min(self.position + count, len(self.records))
        while self.position < end:
            record = self.records[self.position]
            if self._keys[self.position] is None:
                self.bury(_error_of_unkeyed(record))
                continue
            try:
                event = self._decode(record)
            except BackendUnavailable as error:
                return error
            except Exception as error:  # noqa: BLE001  what is no record's fault is raised again
                self.bury(error)
            else:
                self.fold(event)
        return None

    def fold(self, event: Any) -> None:
        """Fold the event of the record at `position` into the state of its key, and go on to the next."""
        key = self._keys[self.position]
        state = self.touched.get(key)
        if state is None:
            state = self._load(key, self._read)
        self.touched[key] = self._fold(state, event)
        self.position += 1

    def bury(self, error: Exception) -> None:
        """Note that the record at `position` cannot be read, and go on; raises an error that is no record's fault."""
        if not is_record_fault(error):
            raise error
        self.burials.append(Burial(self.records[self.position], failed(error)))
        self.position += 1

    def _group(self, records: Sequence[Record]) -> None:
        groups: dict[bytes | None, list[Record]] = {}
        for record in records:
            key = record.key
            group = groups.get(key)
            if group is None:
                group = groups[key] = []
            group.append(record)
        for key, group in groups.items():
            self.records += group
            self._keys += [key] * len(group)


def _error_of_unkeyed(record: Record) -> PoisonRecord:
    """Return the error of a record without a key; a batch that could not be read brings its own."""
    if isinstance(record, UnreadableBatch):
        return record.error
    return PoisonRecord(PoisonReason.NULL_KEY, "a record without a key has no state")
