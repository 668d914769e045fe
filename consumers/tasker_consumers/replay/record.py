"""A record as it lies in a topic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """Key, value and headers byte for byte; `timestamp` in milliseconds since the epoch, UTC, None if there is none."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    @property
    def origin(self) -> str:
        """Where it lies: `topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}"
