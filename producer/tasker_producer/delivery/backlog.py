"""Events that must wait: first in memory, then in the spool, and what is given up when both are full.

`add` is called by the service's threads and only touches memory; everything that touches the disk is called by the
delivery's own thread. As long as anything waits, everything new waits behind it: the order per key is kept.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Collection, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from tasker_producer.delivery import process
from tasker_producer.delivery.drops import Drop, DropLog
from tasker_producer.delivery.returned import Returned, event_name, in_order
from tasker_producer.delivery.spool import SpooledRecord, SpoolFile

MAX_IN_MEMORY = 20_000
MAX_BYTES_IN_MEMORY = 64 << 20
IN_MEMORY = -1  # in the place of an id: the event is not on disk
_BATCH = 2_000


class FullPolicy(StrEnum):
    """What is given up when the spool is full."""

    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"
    BLOCK = "block"  # the publishing thread waits, up to a limit; then the newest


class SpoolSettings(NamedTuple):
    """Where events wait, how many bytes of them, and what happens when these are used up."""

    directory: Path
    max_bytes: int
    full: FullPolicy
    block_s: float


class Backlog:
    """The events of one process that wait for Kafka."""

    def __init__(self, settings: SpoolSettings, drop_log: DropLog) -> None:
        self._settings = settings
        self._drop_log = drop_log
        self._memory: deque[SpooledRecord] = deque()
        self._bytes = 0  # of those in memory
        self._storing: list[SpooledRecord] = []
        self._returned: deque[Returned] = deque()
        self._room = threading.Condition(threading.RLock())
        self._spool: SpoolFile | None = None
        self._out = 0  # events of the batch that is being sent
        self.restored = 0
        self.active = True  # until it is known that nothing waits

    @property
    def waiting(self) -> int:
        """How many events wait, on disk and in memory; those on disk also while they are being sent."""
        in_memory = len(self._memory) + len(self._storing) + len(self._returned)
        return in_memory + (self._spool.count if self._spool is not None else 0)

    def open(self) -> None:
        """Take a spool file, with what earlier processes left; a disk that refuses is asked again by `store`."""
        try:
            spool = SpoolFile.open(self._settings.directory)
        except (OSError, sqlite3.Error) as error:
            self._failed(error)
            return
        try:
            spool.adopt(self._settings.directory, self._settings.max_bytes // 2)
        except (OSError, sqlite3.Error) as error:
            self._failed(error)
        self.restored = spool.count
        self._spool = spool

    def add(self, record: SpooledRecord) -> None:
        """Let an event wait; touches memory only."""
        with self._room:
            self.active = True
            if self._is_full() and self._settings.full is FullPolicy.BLOCK:
                self._room.wait_for(lambda: not self._is_full(), self._settings.block_s)
            if self._is_full() and self._settings.full is FullPolicy.DROP_OLDEST and self._memory:
                self._give_up(self._oldest_in_memory())
            elif self._is_full():
                self._give_up(record)
                return
            self._memory.append(record)
            self._bytes += record.size

    def give_back(self, event: Returned) -> None:
        """Let an event wait that Kafka's client gave back; touches memory only."""
        with self._room:
            self._returned.append(event)
            self.active = True

    def _put_back(self, records: Sequence[SpooledRecord]) -> None:
        """Let events wait that are older than all others here."""
        try:
            if self._spool is not None and records:
                self._spool.put_back(records)
                self.active = True
                return
        except (OSError, sqlite3.Error) as error:
            self._failed(error)
        self._put_back_in_memory(records)

    def _put_back_in_memory(self, records: Sequence[SpooledRecord]) -> None:
        with self._room:
            for record in reversed(records):
                if self._is_full():
                    self._give_up(record)
                else:
                    self._memory.appendleft(record)
                    self._bytes += record.size
                    self.active = True

    def store(self) -> None:
        """Bring what waits in memory to disk; what the disk does not take stays in memory."""
        if self._spool is None and self._memory:
            self.open()
        if self._spool is None:
            return
        while self._memory:
            with self._room:
                self._storing = self._popped()
            try:
                stored = self._make_room(self._spool, sum(record.size for record in self._storing))
                if stored:
                    self._spool.append(self._storing)
            except (OSError, sqlite3.Error) as error:
                self._failed(error)
                stored = False
            with self._room:
                if not stored:
                    self._memory.extendleft(reversed(self._storing))
                    self._bytes += sum(record.size for record in self._storing)
                self._storing = []
                self._room.notify_all()
            if not stored:
                return

    def next_batch(self) -> list[tuple[int, SpooledRecord]]:
        """Return the events that have waited longest; those from disk wait on there until they are `done`.

        None are returned while the disk does not give them.
        """
        self.store()
        if self._spool is not None and self._spool.count:
            try:
                batch = self._spool.oldest(_BATCH)
            except (OSError, sqlite3.Error) as error:
                self._failed(error)
                return []
            self._out = len(batch)
            return batch
        with self._room:
            return [(IN_MEMORY, record) for record in self._popped()]

    def done(
        self,
        batch: Sequence[tuple[int, SpooledRecord]],
        kept: Collection[int] = (),
        unsent: Sequence[SpooledRecord] = (),
    ) -> None:
        """Forget events that are delivered, all of a batch but the `kept`; the last of them ends the waiting.

        What was given back, and after it the `unsent`, waits before all others; it must be all that was on its way.
        """
        if self._spool is not None and self._out:
            try:
                if kept:
                    self._spool.remove_some([entry for entry in batch if entry[0] not in kept])
                else:
                    self._spool.remove(batch)
            except (OSError, sqlite3.Error) as error:  # they will be sent again, with the same ids
                self._failed(error)
        self._out = 0
        returned = list(self._returned)
        self._put_back([*in_order(returned), *unsent])
        with self._room:
            for _ in returned:
                self._returned.popleft()
            self.active = self.waiting > 0
            self._room.notify_all()

    def wait_until_empty(self, timeout: float) -> bool:
        """Return whether nothing waits any more, after at most `timeout` seconds."""
        with self._room:
            return self._room.wait_for(lambda: not self.active, timeout)

    def close(self) -> None:
        """Leave everything on disk; what only memory holds is given up."""
        self.store()
        while self._memory:
            self._give_up(self._oldest_in_memory(), Drop.CLOSED)
        if self._spool is not None:
            self._spool.close()

    def abandon(self) -> None:
        """Leave the file to the process that owns it: this one is its forked child."""
        if self._spool is not None:
            process.never_free(self._spool)

    def _popped(self) -> list[SpooledRecord]:
        """Take the oldest out of memory: a batch, but no more than a part of what the disk may hold."""
        batch: list[SpooledRecord] = []
        size = 0
        while self._memory and len(batch) < _BATCH and size <= self._settings.max_bytes // 8:
            batch.append(self._oldest_in_memory())
            size += batch[-1].size
        return batch

    def _oldest_in_memory(self) -> SpooledRecord:
        record = self._memory.popleft()
        self._bytes -= record.size
        return record

    def _is_full(self) -> bool:
        in_memory = len(self._memory) + len(self._storing)  # the disk may refuse these
        return in_memory >= MAX_IN_MEMORY or self._bytes >= MAX_BYTES_IN_MEMORY

    def _make_room(self, spool: SpoolFile, size: int) -> bool:
        """Return whether so many bytes fit on disk, after dropping the oldest where that is the policy."""
        excess = spool.size + size - self._settings.max_bytes
        if excess <= 0 or self._settings.full is not FullPolicy.DROP_OLDEST or self._out:
            return excess <= 0
        oldest = []
        for entry in spool.oldest(_BATCH):
            if excess <= 0:
                break
            oldest.append(entry)
            excess -= entry[1].size
        spool.remove(oldest)
        for _, record in oldest:
            self._give_up(record)
        return excess <= 0

    def _give_up(self, record: SpooledRecord, reason: Drop = Drop.SPOOL_FULL) -> None:
        self._drop_log.drop(event_name(record.headers), reason, f"{self._settings.full}, {self.waiting} events wait")

    def _failed(self, error: Exception) -> None:
        where = self._settings.directory
        self._drop_log.log("spool", f"The spool in {where} fails, events wait in memory: {error}")
