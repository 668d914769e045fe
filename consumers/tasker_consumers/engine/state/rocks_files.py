"""The files of RocksDB: which of them can be trusted, and how much memory all databases of a worker take."""

import gc
import logging
import shutil
import time
from pathlib import Path
from typing import Any

from rocksdict import BlockBasedOptions, Cache, Options, Rdict, WriteBufferManager, WriteOptions

from tasker_consumers.engine.processor import PART
from tasker_consumers.engine.state.allocator import return_freed_blocks
from tasker_schemas.errors import ConfigurationError

#: The memory of a worker's partitions together: blocks that were read, and entries that are in no file yet. Beyond it
#: the database that is written next moves its entries into a file.
CACHE_BYTES, MEMTABLE_BYTES = 64 << 20, 64 << 20
#: The keys of a database beside states, their parts and an index: up to where in its changelog it is right, in which
#: changelog, and when that was known last (nanoseconds since the epoch).
OFFSET, CHANGELOG, CONFIRMED = PART + b"changelog-offset", PART + b"changelog-id", PART + b"confirmed-at"
# RocksDB's messages when another process has the files, and when something else than the files is wrong.
_IN_USE = ("lock hold by current process", "While lock file")
_NO_DAMAGE = ("No space left", "Permission denied", "Too many open files", "closed")
_A_MINUTE_NS = 60 * 10**9

logger = logging.getLogger(__name__)


def is_damage(error: Exception) -> bool:
    """Return whether an error of RocksDB says that files are damaged or missing."""
    return not any(text in str(error) for text in (*_IN_USE, *_NO_DAMAGE))


class RocksFiles:
    """The databases below a directory; `changelog` and `max_age_s` say which of them can be trusted."""

    def __init__(self, directory: Path, changelog: bytes, max_age_s: float) -> None:
        return_freed_blocks()
        self._directory = directory
        self._changelog = changelog
        self._max_age_s = max_age_s
        self._paths: dict[int, Path] = {}
        self._removed = 0
        self._cache = Cache(CACHE_BYTES)
        self._memtables = WriteBufferManager(MEMTABLE_BYTES, False)
        # The changelog is the log: entries that a crash takes from the files are read from there again.
        self.writing = WriteOptions()
        self.writing.disable_wal = True  # type: ignore[method-assign,assignment]  # a property; the stubs err

    def partitions(self) -> set[int]:
        """Return the partitions that have files."""
        heads = (path.name.partition(".")[0] for path in self._directory.glob("*"))
        return {int(head) for head in heads if head.isdigit()}

    def remove(self, partition: int) -> None:
        """Remove a partition's files; its database is closed.

        The next files have another name: the iterators of an error that is being handled may still hold these.
        """
        for path in (self._path(partition), *self._directory.glob(f"{partition}.*")):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        self._removed += 1
        self._paths[partition] = self._directory / f"{partition}.{self._removed}"

    def mark_damaged(self, partition: int) -> None:
        """Have the next process remove the files, if this process does not come to it."""
        self._marker(partition).touch()

    def open(self, partition: int) -> Any:
        """Return the database of a partition: an empty database if its files cannot be trusted.

        Raises ConfigurationError when the files are another process's, or cannot be used for a reason beside them.
        """
        if self._marker(partition).exists():
            self.remove(partition)
        database = self._open(partition)
        reason = self._mistrust(database)
        if reason is not None:
            logger.warning("State of partition %d %s: restoring it", partition, reason)
            database.close()
            del database
            gc.collect()
            self.remove(partition)
            database = self._open(partition)
        database.put(CHANGELOG, self._changelog, self.writing)
        return database

    def _mistrust(self, database: Any) -> str | None:
        """Return why a database may lack entries that are not in the changelog any more; None if it can be trusted."""
        try:
            if database.get(OFFSET) is None:
                return None
            if database.get(CHANGELOG) != self._changelog:
                return "is from another changelog"
            age_ns = time.time_ns() - int(database.get(CONFIRMED) or 0)
        except Exception as error:  # noqa: BLE001
            return f"is damaged ({error})"
        if -_A_MINUTE_NS <= age_ns <= self._max_age_s * 1e9:
            return None
        return f"is {age_ns / 86_400e9:.1f} days old, and deletions since then may be gone from its changelog"

    def _open(self, partition: int) -> Any:
        path = self._path(partition)
        try:
            return Rdict(str(path), self._options())
        except Exception as error:
            if any(text in str(error) for text in _IN_USE):
                raise ConfigurationError(f"{path} is used by another process: give each a state directory.") from error
            if not is_damage(error):
                raise ConfigurationError(f"{path} cannot be used: {error}") from error
            logger.warning("State of partition %d is damaged (%s): restoring it", partition, error)
            self.remove(partition)
            return Rdict(str(self._path(partition)), self._options())

    def _path(self, partition: int) -> Path:
        if partition not in self._paths:
            stored = (path for path in self._directory.glob(f"{partition}.*") if path.is_dir())
            self._paths[partition] = next(stored, self._directory / str(partition))
        return self._paths[partition]

    def _marker(self, partition: int) -> Path:
        return self._directory / f"{partition}.damaged"

    def _options(self) -> Options:
        tables = BlockBasedOptions()
        tables.set_block_cache(self._cache)
        tables.set_bloom_filter(10, block_based=False)
        tables.set_cache_index_and_filter_blocks(True)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_block_based_table_factory(tables)
        options.set_write_buffer_manager(self._memtables)
        options.set_write_buffer_size(16 << 20)
        options.set_max_write_buffer_number(2)
        options.set_keep_log_file_num(2)
        return options
