"""Records and producers in memory, for tests of the engine's pure parts."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tasker_consumers.engine.flow.batch_producer import ProducerRecord, RecordRefused


@dataclass(frozen=True)
class StoredRecord:
    """A record as the engine sees it."""

    key: bytes | None = b"key"
    value: bytes | None = b"1:1"
    topic: str = "t.a"
    partition: int = 1
    offset: int = 42
    timestamp: int = 1_700_000_000_000
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass
class ListProducer:
    """Keeps what it is given, by topic and partition."""

    sent: dict[tuple[str, int], list[ProducerRecord]] = field(default_factory=dict)
    #: The most bytes that a topic takes in a key and its value.
    limits: dict[str, int] = field(default_factory=dict)

    async def send(self, topic: str, partition: int, records: Iterable[ProducerRecord]) -> int | None:
        """See `BatchProducer`; offsets count from 0."""
        log, limit = self.sent.setdefault((topic, partition), []), self.limits.get(topic, 1 << 30)
        refused = list[int]()
        for position, record in enumerate(records):
            if len(record.key or b"") + len(record.value or b"") <= limit:
                log.append(record)
            else:
                refused.append(position)
        if refused:
            raise RecordRefused(topic, refused, "too large")
        return len(log) - 1 if log else None
