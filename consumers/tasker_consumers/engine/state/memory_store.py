"""States in memory."""

from collections.abc import Iterator

from tasker_consumers.engine.processor import PART, Read
from tasker_consumers.engine.state.store import Items


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
                states[key] = bytes(memoryview(value))  # a copy: orjson's bytes hold on to a larger buffer
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

    def remove_released(self, after_s: float) -> list[int]:  # noqa: ARG002  there are no files
        """See `StateStore`."""
        return []
