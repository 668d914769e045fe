"""Records and outboxes in memory, for tests of the engine's pure parts."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tasker_consumers.engine.flow.batch_producer import ProducerRecord


@dataclass(frozen=True)
class StoredRecord:
    """A record as the engine sees it."""

    key: bytes | None = b"key"
    value: bytes | None = b"1:1"
    topic: str = "t.a"
    partition: int = 1
    offset: int = 42
    timestamp: int = 1_700_000_000_000
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class ListOutbox:
    """Keeps what it is given, by topic and partition."""

    sent: dict[tuple[str, int], list[ProducerRecord]] = field(default_factory=dict)

    async def send(self, topic: str, partition: int, records: Iterable[ProducerRecord]) -> int | None:
        """See `BatchProducer`; offsets count from 0."""
        kept = self.sent.setdefault((topic, partition), [])
        kept += records
        return len(kept) - 1 if kept else None
