"""The hot loop of a batch: its records are decoded, and folded into the states that they touch."""

from collections.abc import Sequence
from typing import Any

from tasker_consumers.engine.flow.quarantine import Burial, failed, is_record_fault
from tasker_consumers.engine.processor import Processor, Read, Record
from tasker_consumers.engine.unreadable_batch import UnreadableBatch
from tasker_schemas.errors import BackendUnavailable, PoisonReason, PoisonRecord


class Folding:
    """The states that a batch touches, by key, and the records that cannot be read.

    It is compiled, so it awaits nothing: the caller gives others their turn.
    """

    def __init__(self, processor: Processor[Any, Any], read: Read, records: Sequence[Record]) -> None:
        self.touched: dict[bytes, Any] = {}
        self.burials: list[Burial] = []
        #: How many records are done.
        self.position = 0
        self._records = records
        self._read = read
        self._decode, self._load, self._fold = processor.decode, processor.load, processor.fold

    def advance(self, count: int) -> BackendUnavailable | None:
        """Take so many records more; stop at a record that needs a backend which is away, and return the error.

        Raises the errors that are no record's fault.
        """
        end = min(self.position + count, len(self._records))
        while self.position < end:
            record = self._records[self.position]
            key = record.key
            if key is None:
                self.bury(_error_of_unkeyed(record))
                continue
            try:
                event = self._decode(record)
            except BackendUnavailable as error:
                return error
            except Exception as error:  # noqa: BLE001  what is no record's fault is raised again
                self.bury(error)
            else:
                self.fold(key, event)
        return None

    def fold(self, key: bytes, event: Any) -> None:
        """Fold the event of the record at `position` into the state of its key, and go on to the next."""
        state = self.touched.get(key)
        if state is None:
            state = self._load(key, self._read)
        self.touched[key] = self._fold(state, event)
        self.position += 1

    def bury(self, error: Exception) -> None:
        """Note that the record at `position` cannot be read, and go on; raises an error that is no record's fault."""
        if not is_record_fault(error):
            raise error
        self.burials.append(Burial(self._records[self.position], failed(error)))
        self.position += 1


def _error_of_unkeyed(record: Record) -> PoisonRecord:
    """Return the error of a record without a key; a batch that could not be read brings its own."""
    if isinstance(record, UnreadableBatch):
        return record.error
    return PoisonRecord(PoisonReason.NULL_KEY, "a record without a key has no state")
