"""Windows as entries of the table, below the keys of the index."""

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from tasker_consumers.engine.processor import INDEX, States
from tasker_consumers.stats.core.contribution import OUTCOMES
from tasker_consumers.stats.core.counting import WindowDelta
from tasker_consumers.stats.core.windows import Window, WindowKey
from tasker_schemas.avro.codec import encode
from tasker_schemas.avro.versions import STATS_WINDOW

PREFIX = INDEX + b"w"
_MAX_CACHED = 1000


class StoredWindow(NamedTuple):
    """A window with the arrival of its first event, and the time of its last change as revision: microseconds."""

    content: WindowDelta
    revision: int = 0

    @classmethod
    def of_entry(cls, entry: bytes | None) -> "StoredWindow":
        """Return the window of an entry; without an entry an empty window."""
        if entry is None:
            return cls(WindowDelta())
        first_heard_at, revision, *row = orjson.loads(entry)
        return cls(WindowDelta(Window.of_row(row), first_heard_at), revision)

    def record(self, key: WindowKey, partition: int) -> bytes:
        """Return the record to publish."""
        return encode(STATS_WINDOW, {**self.content.window.value(key, self.revision), "partition": partition})

    def entry(self) -> bytes:
        """Return the entry to store."""
        row = orjson.dumps([self.content.first_heard_at, self.revision, *self.content.window.row()])
        return bytes(memoryview(row))  # orjson returns a buffer of 4 KiB, of which a window fills 60 bytes


class WindowCache:
    """Windows as they were last read or written: a busy window changes with every batch, and is slow to parse.

    The stored entry decides: a cached window is used only when the entry is the same, so a write that failed needs no
    invalidation.
    """

    def __init__(self) -> None:
        self._windows: dict[tuple[int, bytes], tuple[bytes, StoredWindow]] = {}

    def get(self, partition: int, key: bytes, entry: bytes | None) -> StoredWindow:
        """Return the window of an entry, as a copy that the caller may change."""
        cached_entry, cached = self._windows.get((partition, key), (None, None))
        if entry is None or cached is None or cached_entry != entry:
            return StoredWindow.of_entry(entry)
        content = cached.content
        return StoredWindow(WindowDelta(content.window.copy(), content.first_heard_at), cached.revision)

    def put(self, partition: int, key: bytes, window: StoredWindow) -> bytes:
        """Return the entry of a window that will not be changed any more."""
        if len(self._windows) >= _MAX_CACHED:
            self._windows.clear()
        entry = window.entry()
        self._windows[partition, key] = entry, window
        return entry


def is_empty(entry: bytes) -> bool:
    """Return whether all tasks or steps have left the window of an entry."""
    _, _, *row = orjson.loads(entry)
    return not any(row[: len(OUTCOMES)])


def entry_key(key: WindowKey) -> bytes:
    """Return the key of a window's entry."""
    return PREFIX + key.record_key


def window_key_of_entry(key: bytes) -> WindowKey:
    """Return the window whose entry has this key."""
    return WindowKey.of_record_key(key.removeprefix(PREFIX))


def stored_windows(states: States, pattern: tuple[str | int | None, ...] = ()) -> Iterator[tuple[WindowKey, bytes]]:
    """Iterate over a partition's windows and their entries; `pattern` is kind, name and length, None matches any."""
    fixed = pattern[: pattern.index(None)] if None in pattern else pattern
    prefix = orjson.dumps(fixed)[:-1] + (b"," if fixed else b"")
    pairs = ((window_key_of_entry(key), entry) for key, entry in states.scan(PREFIX + prefix))
    return ((key, entry) for key, entry in pairs if _matches(key, pattern))


def _matches(key: WindowKey, pattern: tuple[str | int | None, ...]) -> bool:
    return all(expected in (None, actual) for expected, actual in zip(pattern, key, strict=False))
