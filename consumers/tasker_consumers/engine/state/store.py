"""States by partition and key, in memory or in RocksDB, written a run at a time.

A partition remembers the offset of the last changelog record that it holds, so that recovery reads only what it
missed. Values and offset are written together wherever they come together, so that a database which lost its last
moments in a crash still says rightly what it holds.
"""

import gc
import logging
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from rocksdict import BlockBasedOptions, Cache, Options, Rdict, ReadOptions, WriteBatch, WriteOptions

from tasker_consumers.engine.processor import PART, Read

logger = logging.getLogger(__name__)

Items = Mapping[bytes, bytes | None]
_OFFSET = PART + b"changelog-offset"  # a part of no state
#: Of the index that the store holds; missing when states have changed without it.
INDEX_VERSION = PART + b"index-version"


class StateStore(Protocol):
    """Bytes by partition and key; a partition is opened at its first use."""

    def reader(self, partition: int) -> Read:
        """Return the function that looks a key up; for loops that cannot afford a detour."""

    def write(self, partition: int, items: Items, offset: int | None = None) -> None:
        """Store values, drop keys whose value is None, and note the changelog offset if there is one."""

    def heads(self, partition: int) -> Iterator[bytes]:
        """Iterate over the keys that states have now, whatever is written meanwhile; their parts are left out."""

    def scan(self, partition: int, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the entries whose keys begin with `prefix`, in the order of their keys, as they are now."""

    def offset(self, partition: int) -> int | None:
        """Return the offset of the last changelog record that is in here."""

    def release(self, partition: int) -> None:
        """Let go of a partition that now belongs to another worker."""

    def clear(self, partition: int) -> None:
        """Forget a partition's states and its offset."""

    def close(self) -> None:
        """Let go of all partitions."""


class MemoryStore:
    """States in dictionaries; gone with the process, rebuilt from the changelog."""

    def __init__(self) -> None:
        self._states: dict[int, dict[bytes, bytes]] = {}
        self._offsets: dict[int, int] = {}

    def reader(self, partition: int) -> Read:
        """See `StateStore`."""
        return self._states.setdefault(partition, {}).get

    def write(self, partition: int, items: Items, offset: int | None = None) -> None:
        """See `StateStore`."""
        states = self._states.setdefault(partition, {})
        for key, value in items.items():
            if value is None:
                states.pop(key, None)
            else:
                states[key] = bytes(memoryview(value))  # a copy: what orjson made holds on to its larger buffer
        if offset is not None:
            self._offsets[partition] = offset

    def heads(self, partition: int) -> Iterator[bytes]:
        """See `StateStore`."""
        return iter([key for key in self._states.get(partition, ()) if PART not in key])

    def scan(self, partition: int, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """See `StateStore`."""
        return iter(sorted(item for item in self._states.get(partition, {}).items() if item[0].startswith(prefix)))

    def offset(self, partition: int) -> int | None:
        """See `StateStore`."""
        return self._offsets.get(partition)

    def release(self, partition: int) -> None:
        """Forget the partition: another worker's writes to it would not be seen here."""
        self.clear(partition)

    def clear(self, partition: int) -> None:
        """See `StateStore`."""
        self._states.pop(partition, None)
        self._offsets.pop(partition, None)

    def close(self) -> None:
        """See `StateStore`."""
        self._states.clear()
        self._offsets.clear()


class RocksStore:
    """States in one RocksDB database for each partition, below a directory that is this worker's alone."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._databases: dict[int, Any] = {}
        # One cache for all partitions: memory is bounded by the worker, not by what it is assigned.
        self._cache = Cache(64 << 20)
        # The changelog is the log: what a crash takes from the files is read from there again.
        self._writing = WriteOptions()
        self._writing.disable_wal = True  # type: ignore[method-assign,assignment]  # a property; the stubs err

    def reader(self, partition: int) -> Read:
        """See `StateStore`."""
        get: Read = self._database(partition).get
        return get

    def write(self, partition: int, items: Items, offset: int | None = None) -> None:
        """See `StateStore`."""
        batch = WriteBatch(raw_mode=True)
        for key, value in items.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        if offset is not None:
            batch.put(_OFFSET, b"%d" % offset)
        self._database(partition).write(batch, self._writing)

    def heads(self, partition: int) -> Iterator[bytes]:
        """See `StateStore`."""
        return (key for key in self._database(partition).keys() if PART not in key)  # noqa: SIM118  not a dict

    def scan(self, partition: int, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """See `StateStore`."""
        options = ReadOptions()
        options.set_iterate_upper_bound(prefix[:-1] + bytes([prefix[-1] + 1]))
        # Not returned as it is: RocksDB looks at the bound to the end of the walk, and only `options` keeps it.
        yield from self._database(partition).items(from_key=prefix, read_opt=options)

    def offset(self, partition: int) -> int | None:
        """See `StateStore`."""
        found = self._database(partition).get(_OFFSET)
        return None if found is None else int(found)

    def release(self, partition: int) -> None:
        """Close the database but keep its files: the partition may come back."""
        database = self._databases.pop(partition, None)
        if database is not None:
            database.close()
            del database
            gc.collect()  # an iterator that still lives keeps RocksDB's lock

    def clear(self, partition: int) -> None:
        """See `StateStore`."""
        self.release(partition)
        shutil.rmtree(self._directory / str(partition), ignore_errors=True)

    def close(self) -> None:
        """See `StateStore`."""
        for partition in list(self._databases):
            self.release(partition)

    def _database(self, partition: int) -> Any:
        try:
            return self._databases[partition]
        except KeyError:
            database = self._databases[partition] = self._open(partition)
            return database

    def _open(self, partition: int) -> Any:
        path = self._directory / str(partition)
        try:
            return Rdict(str(path), self._options())
        except Exception as error:  # rocksdict raises nothing more precise
            if "lock" in str(error).lower():
                raise
            # The changelog has it all: a database that cannot be opened is rebuilt, not mended.
            logger.warning("State of partition %d is damaged (%s): rebuilding it", partition, error)
            shutil.rmtree(path, ignore_errors=True)
            return Rdict(str(path), self._options())

    def _options(self) -> Options:
        tables = BlockBasedOptions()
        tables.set_block_cache(self._cache)
        tables.set_bloom_filter(10, block_based=False)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_block_based_table_factory(tables)
        options.set_write_buffer_size(32 << 20)
        options.set_max_write_buffer_number(2)
        options.set_keep_log_file_num(2)
        return options


def open_store(kind: str, directory: Path) -> StateStore:
    """Return the store that the setting `store` names."""
    return MemoryStore() if kind == "memory" else RocksStore(directory)
