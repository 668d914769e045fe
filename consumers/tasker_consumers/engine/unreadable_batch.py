"""A batch of records that cannot be read, as a single record: it passes through the flow to the dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasker_schemas.errors import PoisonRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableBatch:
    """Stands for all records of a batch that cannot be read; the rest is as in `engine.processor.Record`."""

    topic: str
    partition: int
    #: The offset of the batch's last record: acknowledging this record acknowledges all of the batch.
    offset: int
    first_offset: int
    #: Milliseconds since the epoch, of the batch's newest record.
    timestamp: int
    #: Bytes of the batch as Kafka stores it.
    size: int
    error: PoisonRecord
    key: None = None
    value: None = None
    headers: Sequence[tuple[str, bytes | None]] = ()
