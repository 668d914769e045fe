"""Merges the records of several partitions by their time of arrival, with bounded memory."""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from tasker_consumers.replay.record import StoredRecord

Partition = tuple[str, int]

#: Records that may wait for slower partitions; beyond that the faster ones are paused.
CAPACITY = 50_000


class TimeOrder:
    """Holds a record back until every other partition was read up to its time.

    Within a partition the order of offsets stays as it is, also where times go back: a record then counts as old as
    the latest before it. With a `limit` so many records of all partitions together are wanted.
    """

    def __init__(self, partitions: Iterable[Partition], limit: int | None = None) -> None:
        self._reached: dict[Partition, int] = dict.fromkeys(partitions, -1)
        self._wanted: dict[Partition, int] = {} if limit is None else dict.fromkeys(self._reached, limit)
        self._waiting: list[tuple[int, str, int, int, StoredRecord]] = []

    def advance(self, partition: Partition, timestamp: int | None) -> None:
        """Note that a partition was read up to a record of this time, milliseconds."""
        if timestamp is not None and timestamp > self._reached.get(partition, timestamp):
            self._reached[partition] = timestamp

    def push(self, record: StoredRecord) -> None:
        """Add a record of a partition that was advanced to it."""
        time = self._reached.get((record.topic, record.partition), -1)
        heappush(self._waiting, (time, record.topic, record.partition, record.offset, record))
        if self._wanted:
            self._wanted[record.topic, record.partition] -= 1

    def has_enough(self, partition: Partition) -> bool:
        """Return whether later records of a partition are beyond the limit, however late those of the others are."""
        return self._wanted.get(partition) == 0

    def finish(self, partition: Partition) -> None:
        """Note that a partition has no further records."""
        self._reached.pop(partition, None)

    def ready(self) -> Iterator[StoredRecord]:
        """Yield the records that nothing older can come before any more."""
        slowest = min(self._reached.values(), default=None)
        while self._waiting and (slowest is None or self._waiting[0][0] <= slowest):
            yield heappop(self._waiting)[-1]

    def ahead(self) -> set[Partition]:
        """Return the partitions to pause: too many records wait for the slowest partition."""
        if len(self._waiting) < CAPACITY:
            return set()
        slowest = min(self._reached, key=self._reached.__getitem__, default=None)
        return self._reached.keys() - {slowest}
