"""Events that must wait: first in memory, on disk when they wait for longer; when both are full, some are given up.

`add` is called by the service's threads and only touches memory; everything that touches the disk is called by the
delivery's own thread. While events of a topic wait, new ones of it wait behind them: the order per key is kept.
"""

from collections import Counter, deque
from collections.abc import Collection, Sequence

from tasker_producer.delivery.host import native
from tasker_producer.delivery.host.drops import Drop, DropLog
from tasker_producer.delivery.memory import MAX_BYTES_IN_MEMORY, WaitingRecords
from tasker_producer.delivery.paused_topics import PausedTopics
from tasker_producer.delivery.returned import Returned, dropped_event, in_order
from tasker_producer.delivery.spool.disk import Batch, Disk
from tasker_producer.delivery.spool.rows import SpooledRecord
from tasker_producer.delivery.spool.settings import FullPolicy, SpoolSettings

_BATCH = 2_000
_PIECES_OF_LIMIT = 8


class Backlog:
    """A process's events that wait for Kafka; without `settings` in memory only."""

    def __init__(self, settings: SpoolSettings | None, drop_log: DropLog) -> None:
        self._settings = settings
        self._drop_log = drop_log
        self._max_piece = (MAX_BYTES_IN_MEMORY if settings is None else settings.max_bytes) // _PIECES_OF_LIMIT
        self._lock = native.RLock()
        self._memory = WaitingRecords()
        self._oldest = WaitingRecords()  # that came back, and that the disk did not take before its own
        self._held: int | None = None  # how many events are on disk and on their way to it, while some are in no queue
        self._storing = 0  # of these, how many come from memory
        self._returned: deque[Returned] = deque()
        self._sending: Batch | None = None
        self._inherits_next = False  # the last batch held new events, and files of dead processes may wait
        self._is_closed = False
        self._is_disk_full = False  # or it fails
        self.disk = None if settings is None else Disk(settings, drop_log)
        #: The topics whose events wait alone.
        self.paused = PausedTopics()
        #: All topics wait: new events go behind those that are here.
        self.active = False
        #: Whether the files that dead processes left have been looked for.
        self.has_looked = settings is None

    @property
    def waiting(self) -> int:
        """How many events wait, on disk and in memory; those on disk also while they are being sent."""
        with self._lock:
            in_queues = len(self._oldest) + len(self._memory) + len(self._returned)
            return in_queues + (self.on_disk if self._held is None else self._held)

    @property
    def on_disk(self) -> int:
        """How many events are on disk."""
        return self.disk.count if self.disk is not None else 0

    @property
    def where(self) -> str:
        """The directory of the events on disk, for messages."""
        return str(self.disk.where) if self.disk is not None else ""

    @property
    def restored(self) -> int:
        """How many events came from dead processes."""
        return self.disk.restored if self.disk is not None else 0

    @property
    def has_returned(self) -> bool:
        """Whether events have come back that are not in their place yet."""
        return bool(self._returned)

    def holds(self, topic: str) -> bool:
        """Return whether new events of a topic have to wait."""
        return self.active or topic in self.paused

    def resume(self, topic: str) -> None:
        """Send the waiting events of a topic, and let new events wait behind it until then."""
        self.active = True
        self.paused.remove(topic)

    def add(self, record: SpooledRecord) -> None:
        """Let an event wait; touches memory only."""
        settings = self._settings
        if settings is not None and settings.full is FullPolicy.BLOCK and self._is_full():
            native.wait_for(lambda: not self._is_full(), settings.block_s)  # holds no lock
        with self._lock:
            if self._is_closed:
                self._give_up(record, Drop.CLOSED)
                return
            if record.topic not in self.paused:
                self.active = True
            if self._is_full() and self._drops_oldest() and self._memory:
                self._give_up(self._memory.pop(), self._full_reason())
            elif self._is_full():
                self._give_up(record, self._full_reason())
                return
            self._memory.append(record)

    def give_back(self, event: Returned) -> None:
        """Let an event wait that Kafka's client gave back; touches memory only."""
        with self._lock:
            if self._is_closed:
                self._give_up(event.record, Drop.CLOSED)
            else:
                self._returned.append(event)
                self.active = True

    def store(self) -> bool:
        """Write the events that wait in memory to disk; return whether all of them are there."""
        if self.disk is None:
            return False
        self._store_oldest()
        while self._memory:
            with self._lock:
                records = self._begin_move(self._memory.pop_batch(self._max_piece))
                self._storing = len(records)
            stored, dropped = self.disk.store(records, sending=self._sending.file if self._sending else None)
            with self._lock:
                self._is_disk_full, self._storing = not stored, 0
                self._end_move([] if stored else records, self._memory)
                for record in dropped:
                    self._give_up(record, Drop.SPOOL_FULL)
            if not stored:
                return False
        return True

    def next_batch(self) -> Batch | None:
        """Return the events that have waited longest; those from disk stay there until they are `done`.

        Topics that are paused are left out. Files of dead processes come last, and take turns with new events: a busy
        service always has some. None when nothing can be sent now.
        """
        paused = self.paused.names()
        batch = self._memory_batch(self._oldest, paused) or self._own_batch(paused)
        if batch is None and self._inherits_next and self.look():
            batch, self._inherits_next = self._inherited_batch(paused), False
        if batch is None:
            batch = self._memory_batch(self._memory, paused)
            self._inherits_next = batch is not None
        self._sending = batch or self._inherited_batch(paused)
        return self._sending

    def _memory_batch(self, queue: WaitingRecords, paused: Collection[str]) -> Batch | None:
        with self._lock:
            records = queue.pop_batch(self._max_piece, paused)
        return Batch([(0, record) for record in records], None) if records else None

    def _own_batch(self, paused: Collection[str]) -> Batch | None:
        """Return the oldest events of this process on disk, after those in memory have been stored behind them."""
        if self.disk is None or not self.paused.has_others(self.disk.own_counts):
            return None
        self.store()
        return self.disk.oldest(_BATCH, paused)

    def _inherited_batch(self, paused: Collection[str]) -> Batch | None:
        return None if self.disk is None else self.disk.oldest_inherited(_BATCH, paused)

    def done(
        self, batch: Batch | None, undelivered: Collection[int] = (), unsent: Collection[SpooledRecord] = ()
    ) -> None:
        """Forget events that are delivered, all of a batch but the `undelivered`; the last of them ends the waiting.

        Events that were given back, and after them the `unsent`, wait before all others. No event may be on its way.
        """
        if self.disk is not None and batch is not None:
            self.disk.forget(batch, undelivered)
        self._sending = None
        with self._lock:
            came_back = list(self._returned)
            self._returned.clear()
            self._begin_move([*(event.record for event in came_back), *unsent])
        records = [*in_order(came_back), *unsent]
        with self._lock:
            self._end_move(records, self._oldest)
        self._store_oldest()  # librdkafka's queue bounds how many there can be
        with self._lock:
            self.active = self._has_sendable()
        if self.disk is not None and not self.active:
            self.disk.release_empty()

    def look(self) -> bool:
        """Look for files that dead processes left; return whether some of it can be sent."""
        has_events = self.disk is not None and self.disk.inherit(self.paused.names())
        self.has_looked = True
        return has_events

    def close(self) -> None:
        """Leave all events on disk; those that only memory holds are given up."""
        self.store()
        self.give_up_memory()
        if self.disk is not None:
            self.disk.close()

    def give_up_memory(self) -> None:
        """Take no event any more, and give up those that only memory holds."""
        with self._lock:
            self._is_closed = True
            lost = [*self._oldest.clear(), *self._memory.clear(), *(event.record for event in self._returned)]
            self._returned.clear()
            for record in lost:
                self._give_up(record, Drop.CLOSED)

    def abandon(self) -> None:
        """Leave the files to the process that owns them: this one is its forked child."""
        if self.disk is not None:
            self.disk.abandon()

    def _store_oldest(self) -> None:
        if not self._oldest or self.disk is None:
            return
        with self._lock:
            records = self._begin_move(self._oldest.clear())
        unstored = self.disk.put_back(records)
        with self._lock:
            self._end_move(unstored, self._oldest)

    def _begin_move(self, records: list[SpooledRecord]) -> list[SpooledRecord]:
        """Count records that are in no queue now; the caller holds the lock."""
        self._held = self.on_disk + len(records)
        return records

    def _end_move(self, remaining: Sequence[SpooledRecord], queue: WaitingRecords) -> None:
        """Let the records wait that did not reach the disk; the caller holds the lock."""
        self._held = None
        if not self._is_closed:
            queue.put_back(remaining)
            return
        for record in remaining:
            self._give_up(record, Drop.CLOSED)

    def _has_sendable(self) -> bool:
        on_disk: Counter[str] = self.disk.own_counts if self.disk is not None else Counter()
        in_memory = self._oldest.counts + self._memory.counts
        return bool(self._returned) or self.paused.has_others(in_memory) or self.paused.has_others(on_disk)

    def _is_full(self) -> bool:
        return self._memory.is_full(self._storing)  # the disk may refuse these

    def _drops_oldest(self) -> bool:
        return self._settings is None or self._settings.full is FullPolicy.DROP_OLDEST

    def _full_reason(self) -> Drop:
        is_disk_well = self.disk is not None and self.disk.has_room() and not self._is_disk_full
        return Drop.MEMORY_FULL if self.disk is None or is_disk_well else Drop.SPOOL_FULL

    def _give_up(self, record: SpooledRecord, reason: Drop) -> None:
        self._drop_log.drop(dropped_event(record, reason), f"{self.waiting} events wait")
