"""The spool files of a process: its own, and in turn those that dead processes have left.

Disk errors are logged, and the answer says that nothing was done. A damaged file is put aside with its name in the
log, its readable events go on, and events that come in meanwhile use another file.
"""

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, TypeVar

from tasker_producer.delivery.host.drops import Drop, DropLog
from tasker_producer.delivery.host.process import never_free
from tasker_producer.delivery.spool.database import is_damage
from tasker_producer.delivery.spool.file import SpoolFile
from tasker_producer.delivery.spool.opener import LOOK_EVERY_S, FileOpener
from tasker_producer.delivery.spool.repair import repair
from tasker_producer.delivery.spool.rows import Entry, SpooledRecord, total_size
from tasker_producer.delivery.spool.settings import FullPolicy, SpoolSettings

_MAX_DROPPED = 2_000
_PIECE = 250

T = TypeVar("T")


class Batch(NamedTuple):
    """Events that are being sent, with the file that holds them until they are delivered; None for those in memory."""

    entries: list[Entry]
    file: SpoolFile | None


class Disk:
    """The files in which the events of a process wait; for the delivery's own thread."""

    def __init__(self, settings: SpoolSettings, drop_log: DropLog) -> None:
        self._settings = settings
        self._drop_log = drop_log
        self._files = FileOpener(settings, drop_log)
        self._own: SpoolFile | None = None
        self._inherited: SpoolFile | None = None
        self._next_look = 0.0
        self.restored = 0  # events that dead processes have left

    @property
    def count(self) -> int:
        """How many events are on disk, also while they are being sent."""
        return sum(file.count for file in (self._own, self._inherited) if file is not None)

    @property
    def own_counts(self) -> Counter[str]:
        """How many events of each topic wait in this process's own file."""
        return self._own.counts if self._own is not None else Counter()

    def has_room(self) -> bool:
        """Return whether the spool is below its limit, as far as is known; asks no disk."""
        return self._excess(0, self._files.bytes_of_others) <= 0

    def store(self, records: Sequence[SpooledRecord], *, sending: SpoolFile | None) -> tuple[bool, list[SpooledRecord]]:
        """Append records; return whether that worked, and the oldest ones that made room for them.

        A file that is being sent is not shortened.
        """
        dropped: list[SpooledRecord] = []

        def append(file: SpoolFile) -> bool:
            excess = self._excess(total_size(records), self._files.ask_bytes_of_others(self._own))
            if excess > 0 and self._settings.full is FullPolicy.DROP_OLDEST and sending is not file:
                dropped.extend(_drop_oldest(file, excess))
                excess -= total_size(dropped)
            if excess > 0:
                return False
            file.append(records)
            return True

        return self._on_own(append), dropped

    def put_back(self, records: Sequence[SpooledRecord]) -> Sequence[SpooledRecord]:
        """Put records before all others; return those, the oldest, that the disk did not take."""

        def put(file: SpoolFile) -> bool:
            file.put_back(piece)
            return True

        while records:
            piece = records[-_PIECE:]
            if not self._on_own(put):
                break
            records = records[:-_PIECE]
        return records

    def oldest(self, limit: int, without: Collection[str]) -> Batch | None:
        """Return the oldest events of this process's own file, but for some topics; None if there are none."""
        return self._oldest_of(self._own, limit, without)

    def oldest_inherited(self, limit: int, without: Collection[str]) -> Batch | None:
        """Return the oldest events that a dead process left, but for some topics; None if there are none."""
        return self._oldest_of(self._inherited, limit, without)

    def inherit(self, without: Collection[str]) -> bool:
        """Take over a file that a dead process left; return whether it has events of other topics than `without`."""
        if self._inherited is not None and not self._inherited.count:  # all its rows were put aside
            self._attempt(self._inherited.close)
            self._inherited = None
        if self._inherited is None and time.monotonic() >= self._next_look:
            self._inherited = self._attempt(lambda: self._files.inherited(self._own))
            self._next_look = time.monotonic() + (0 if self._inherited is not None else LOOK_EVERY_S)
            if self._inherited is not None:
                self.restored += self._inherited.count
        file = self._inherited
        return file is not None and any(count > 0 for topic, count in file.counts.items() if topic not in without)

    def forget(self, batch: Batch, undelivered: Collection[int]) -> None:
        """Remove the delivered events of a batch, all but the `undelivered`."""
        file = batch.file
        if file is None or file not in (self._own, self._inherited):
            return
        try:
            if undelivered:
                file.remove_some([entry for entry in batch.entries if entry[0] not in undelivered])
            else:
                file.remove(batch.entries)
        except (OSError, sqlite3.Error) as error:  # those that stay on disk are not sent again by this process
            self._repair(file, error)
        if file is self._inherited and not file.count:
            self._inherited = None
            self._attempt(file.close)

    def release_empty(self) -> None:
        """Remove this process's file when nothing is in it any more."""
        if self._own is not None and not self._own.count:
            file, self._own = self._own, None
            self._attempt(file.close)

    def close(self) -> None:
        """Let go of all files; empty ones are removed, and so is an empty directory."""
        for file in (self._own, self._inherited):
            if file is not None:
                self._attempt(file.close)
        self._files.remove_directory()

    def abandon(self) -> None:
        """Leave the files to the process that owns them: this one is its forked child."""
        for file in (self._own, self._inherited):
            if file is not None:
                never_free(file)
                file.leave_to_parent()

    @property
    def where(self) -> str:
        """The directory, for messages."""
        return str(self._files.directory)

    def _on_own(self, action: Callable[[SpoolFile], bool]) -> bool:
        """Use this process's file, after its repair if it is damaged; return whether it worked."""
        for _ in range(2):
            self._own = self._own or self._attempt(self._files.new)
            if self._own is None:
                return False
            try:
                return action(self._own)
            except (OSError, sqlite3.Error) as error:
                if not self._repair(self._own, error):
                    return False
        return False

    def _oldest_of(self, file: SpoolFile | None, limit: int, without: Collection[str]) -> Batch | None:
        if file is None or not any(count > 0 for topic, count in file.counts.items() if topic not in without):
            return None
        unreadable = file.unreadable
        try:
            entries = file.oldest(limit, without)
        except (OSError, sqlite3.Error) as error:
            if not self._repair(file, error):
                self._avoid(file)
            return None
        if lost := file.unreadable - unreadable:
            self._lose(lost, f"see {file.path.with_suffix('.unreadable.jsonl')}")
        return Batch(entries, file) if entries else None

    def _attempt(self, action: Callable[[], T]) -> T | None:
        try:
            return action()
        except (OSError, sqlite3.Error) as error:
            self._log(error)
            return None

    def _repair(self, file: SpoolFile, error: Exception) -> bool:
        """Replace a damaged file by a new file with its readable events; return whether the error was damage."""
        self._log(error)
        if not is_damage(error):
            return False
        count = file.count
        lock = file.detach()
        repaired = self._attempt(lambda: repair(file.path, lock, self._settings.topics, self._drop_log, error))
        self._replace(file, repaired)
        self._lose(max(0, count - (repaired.count if repaired is not None else 0)), f"{file.path} was damaged")
        return True

    def _avoid(self, file: SpoolFile) -> None:
        """Leave a file alone for a while whose disk cannot read it."""
        self._files.avoid(file.path)
        self._replace(file, None)
        self._attempt(lambda: os.close(file.detach()))

    def _replace(self, file: SpoolFile, successor: SpoolFile | None) -> None:
        if file is self._own:
            self._own = successor
        else:
            self._inherited = successor

    def _lose(self, number: int, where: str) -> None:
        if number:
            self._drop_log.count(Drop.DAMAGED, number)
            self._drop_log.log("damaged", f"{number} waiting events cannot be read: {where}")

    def _excess(self, size: int, bytes_of_others: int) -> int:
        """Return by how many bytes the directory would be over its limit."""
        return (self._own.size if self._own is not None else 0) + size + bytes_of_others - self._settings.max_bytes

    def _log(self, error: Exception) -> None:
        self._drop_log.log("spool", f"The spool in {self.where} fails, events wait in memory: {error}")


def _drop_oldest(file: SpoolFile, excess: int) -> list[SpooledRecord]:
    """Remove the oldest records, as many as hold so many bytes; return them."""
    entries: list[Entry] = []
    for entry in file.oldest(_MAX_DROPPED):
        if excess <= 0:
            break
        entries.append(entry)
        excess -= entry[1].size
    file.remove(entries)
    return [record for _, record in entries]
