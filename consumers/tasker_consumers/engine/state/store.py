"""The contract of a store of states: bytes by partition and key, written a run at a time.

A partition remembers the offset of the last changelog record that it holds, so that recovery reads only what it
missed. Values and offset are written together wherever they come together, so that a database which lost its last
moments in a crash still says rightly what it holds.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from tasker_consumers.engine.processor import PART, Read
from tasker_schemas.errors import BackendUnavailable

Items = Mapping[bytes, bytes | None]
#: Of the index that the store holds; missing when states have changed without it.
INDEX_VERSION = PART + b"index-version"


class StateDamaged(BackendUnavailable):
    """The files of a partition cannot be read: its states are restored from the changelog, and may be asked then."""


class StateStore(Protocol):
    """Bytes by partition and key; a partition is opened at its first use."""

    def reader(self, partition: int) -> Read:
        """Return the function that looks a key up; for loops that cannot afford a detour."""

    def write(self, partition: int, items: Items, offset: int | None = None) -> None:
        """Store values, drop keys whose value is None, and note the changelog offset if there is one."""

    def heads(self, partition: int) -> Iterator[bytes]:
        """Iterate over the keys that states have; their parts are left out, and states written meanwhile may be.

        Raises StateDamaged where it would otherwise end early; so do the other methods when files cannot be read.
        """

    def scan(self, partition: int, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the entries whose keys begin with `prefix`, in the order of their keys, as they are now."""

    def offset(self, partition: int) -> int | None:
        """Return the offset of the last changelog record that is in here."""

    def release(self, partition: int) -> None:
        """Let go of a partition that now belongs to another worker."""

    def clear(self, partition: int) -> None:
        """Forget a partition's states and its offset."""

    def remove_released(self, after_s: float) -> list[int]:
        """Remove the files of partitions that were let go of so many seconds ago, and return which these are."""

    def close(self) -> None:
        """Let go of all partitions."""
