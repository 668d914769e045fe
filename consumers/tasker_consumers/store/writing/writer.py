"""The contract of a writer; PostgreSQL and SQLite each have their own."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from tasker_consumers.store.core.batch import Batch, Partition


class StoredPosition(NamedTuple):
    """The next offset of a partition, and which topic of its name it counts in."""

    topic_id: str
    next_offset: int


class StoreWriter(Protocol):
    """Writes batches; its methods block, and a single thread at a time calls them.

    Raises BackendUnavailable when the database is away: then nothing of the batch was written.
    """

    def positions(self) -> dict[Partition, StoredPosition]:
        """Return the position of each partition that was written."""

    def write(self, batch: Batch, topic_ids: Mapping[str, str]) -> int:
        """Write a batch with its positions, all or nothing, and return how many rows are new or changed.

        A row whose key is there already stays as it is; statistics of a task give way to a higher revision.
        """

    def close(self) -> None:
        """Close the connection."""
