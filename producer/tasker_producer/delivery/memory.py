"""Events that wait in memory: bounded in number and bytes, counted by topic.

During an outage every event passes here, in the thread that publishes it too, so this module is compiled.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable

from tasker_producer.delivery.spool.rows import SpooledRecord

MAX_IN_MEMORY = 100_000
MAX_BYTES_IN_MEMORY = 64 << 20
_BATCH = 2_000


class WaitingRecords:
    """A queue of records; its user holds a lock."""

    def __init__(self) -> None:
        self._records: deque[SpooledRecord] = deque()
        self._bytes = 0
        #: How many records of each topic wait.
        self.counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._records)

    def is_full(self, reserved: int) -> bool:
        """Return whether no record fits beside those that wait and `reserved` others."""
        return len(self._records) + reserved >= MAX_IN_MEMORY or self._bytes >= MAX_BYTES_IN_MEMORY

    def append(self, record: SpooledRecord) -> None:
        """Add a record behind all others."""
        self._records.append(record)
        self._bytes += record.size
        self.counts[record.topic] += 1

    def put_back(self, records: Iterable[SpooledRecord]) -> None:
        """Add records, which are in their order, before all others."""
        for record in reversed(list(records)):
            self._records.appendleft(record)
            self._bytes += record.size
            self.counts[record.topic] += 1

    def pop(self) -> SpooledRecord:
        """Take the oldest record."""
        record: SpooledRecord = self._records.popleft()
        self._bytes -= record.size
        self.counts[record.topic] -= 1
        return record

    def pop_batch(self, max_bytes: int, without: Collection[str] = ()) -> list[SpooledRecord]:
        """Take the oldest records but for those of some topics: at most so many bytes, and the record behind them."""
        batch: list[SpooledRecord] = []
        passed: list[SpooledRecord] = []
        size = 0
        while self._records and len(batch) < _BATCH and size <= max_bytes:
            record = self._records.popleft()
            if record.topic in without:
                passed.append(record)
            else:
                batch.append(record)
                size += record.size
        self._records.extendleft(reversed(passed))
        self._bytes -= size
        self.counts.subtract(Counter([record.topic for record in batch]))
        return batch

    def clear(self) -> list[SpooledRecord]:
        """Take all records."""
        records = list(self._records)
        self._records.clear()
        self._bytes, self.counts = 0, Counter()
        return records
