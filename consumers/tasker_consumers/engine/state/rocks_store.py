"""States in RocksDB, in a database for each partition.

The changelog holds everything that is in here, so nothing is ever mended: damage is noticed by whoever reads or writes,
the partition is not used any more, and its states are restored.
"""

import gc
import logging
import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rocksdict import ReadOptions, WriteBatch

from tasker_consumers.engine.processor import PART, Read
from tasker_consumers.engine.state.memory_store import MemoryStore
from tasker_consumers.engine.state.rocks_files import CONFIRMED, OFFSET, RocksFiles, is_damage
from tasker_consumers.engine.state.store import Items, StateDamaged, StateStore

#: Parts of a state after which an iteration over states jumps behind the rest of them.
_FEW_PARTS = 100

logger = logging.getLogger(__name__)


def _no_report(partition: int) -> None:
    """Nobody wants to know."""


class RocksStore:
    """States in a RocksDB database for each partition, below a directory that is this worker's alone.

    `changelog` names the very changelog that the states come from, `max_age_s` is how long its tombstones are kept, and
    `on_damage` is called with a partition whose states have to be restored.
    """

    def __init__(
        self,
        directory: Path,
        *,
        changelog: str = "",
        max_age_s: float = math.inf,
        on_damage: Callable[[int], None] = _no_report,
    ) -> None:
        self._files = RocksFiles(directory, changelog.encode(), max_age_s)
        self._on_damage = on_damage
        self._databases: dict[int, Any] = {}
        self._damaged: set[int] = set()
        self._started = time.monotonic()
        self._released: dict[int, float] = {}

    def reader(self, partition: int) -> Read:
        """See `StateStore`."""
        get = self._database(partition).get

        def read(key: bytes) -> bytes | None:
            try:
                value: bytes | None = get(key)
            except Exception as error:
                raise self._noticed(partition, error) from error
            return value

        return read

    def write(self, partition: int, items: Items, offset: int | None = None) -> None:
        """See `StateStore`."""
        batch = WriteBatch(raw_mode=True)
        for key, value in items.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        if offset is not None:
            batch.put(OFFSET, b"%d" % offset)
            batch.put(CONFIRMED, b"%d" % time.time_ns())
        with self._noticing(partition):
            self._database(partition).write(batch, self._files.writing)

    def heads(self, partition: int) -> Iterator[bytes]:
        """See `StateStore`."""
        if self.reader(partition)(b"") is not None:
            yield b""
        start: bytes | None = b"\x01"  # behind the index, and behind the store's own entries
        while start is not None:
            start = yield from self._heads_from(partition, start)

    def scan(self, partition: int, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """See `StateStore`."""
        options = ReadOptions()
        options.set_iterate_upper_bound(prefix[:-1] + bytes([prefix[-1] + 1]))
        # `options` has to live as long: RocksDB looks at the bound to the end of the walk.
        items = self._database(partition).items(from_key=prefix, read_opt=options)
        last = prefix
        for item in items:
            last = item[0]
            yield item
        self._check_end(partition, options, last)

    def offset(self, partition: int) -> int | None:
        """See `StateStore`; None also when the files are damaged, which are removed then."""
        try:
            value = self.reader(partition)(OFFSET)
        except StateDamaged:
            self.clear(partition)
            return None
        return None if value is None else int(value)

    def release(self, partition: int) -> None:
        """Close the database but keep its files for a while: the partition may come back."""
        database = self._databases.pop(partition, None)
        if database is not None:
            self._released[partition] = time.monotonic()
            database.close()
            del database
            gc.collect()  # an iterator that still lives keeps RocksDB's lock

    def clear(self, partition: int) -> None:
        """See `StateStore`."""
        self.release(partition)
        self._files.remove(partition)
        self._damaged.discard(partition)

    def close(self) -> None:
        """See `StateStore`."""
        for partition in list(self._databases):
            self.release(partition)

    def remove_released(self, after_s: float) -> list[int]:
        """See `StateStore`."""
        unused_since = time.monotonic() - after_s
        unused = [
            partition
            for partition in sorted(self._files.partitions() - self._databases.keys())
            if self._released.get(partition, self._started) < unused_since
        ]
        for partition in unused:
            self.clear(partition)
        return unused

    def _heads_from(self, partition: int, start: bytes) -> Generator[bytes, None, bytes | None]:
        """Yield heads; return the key from which another iteration goes on, None at the end."""
        parts, last = 0, start
        for key in self._database(partition).keys(from_key=start):
            last = key
            if PART not in key:
                parts = 0
                yield key
            elif (parts := parts + 1) > _FEW_PARTS:
                head: bytes = key.partition(PART)[0]
                return head + b"\x01"
        self._check_end(partition, ReadOptions(), last)
        return None

    def _check_end(self, partition: int, options: ReadOptions, last: bytes) -> None:
        """Raise StateDamaged if an iteration did not end but broke off: RocksDB's iterators do not say which.

        Another iterator, from the last key on, meets the same damage, and has a status.
        """
        with self._noticing(partition):
            iterator = self._database(partition).iter(options)
            iterator.seek(last)
            if iterator.valid():
                iterator.next()
            iterator.status()

    @contextmanager
    def _noticing(self, partition: int) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise self._noticed(partition, error) from error

    def _noticed(self, partition: int, error: Exception) -> Exception:
        """Return the exception for an error of RocksDB; files that are damaged are not used any more."""
        if isinstance(error, StateDamaged) or not is_damage(error):
            return error
        if partition not in self._damaged:
            logger.warning("State of partition %d is damaged (%s): restoring it", partition, error)
            self._damaged.add(partition)
            self._files.mark_damaged(partition)  # for the next process, if this process does not come to restoring it
            self._on_damage(partition)
        return StateDamaged(f"the states of partition {partition} are damaged and will be restored: ask again")

    def _database(self, partition: int) -> Any:
        if partition in self._damaged:
            raise StateDamaged(f"the states of partition {partition} are being restored: ask again")
        database = self._databases.get(partition)
        if database is None:
            database = self._databases[partition] = self._files.open(partition)
        return database


def open_store(
    kind: str,
    directory: Path,
    *,
    changelog: str = "",
    max_age_s: float = math.inf,
    on_damage: Callable[[int], None] = _no_report,
) -> StateStore:
    """Return the store that the setting `store` names; see `RocksStore` for the rest."""
    if kind == "memory":
        return MemoryStore()
    return RocksStore(directory, changelog=changelog, max_age_s=max_age_s, on_damage=on_damage)
