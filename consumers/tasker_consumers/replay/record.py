"""A record as it lies in a topic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """Key, value and headers byte for byte.

    `timestamp` is in milliseconds since the epoch, UTC, None if there is none; `appended` says that the broker set it
    when the record arrived, so that times never go back within a partition.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    appended: bool = False

    @property
    def origin(self) -> str:
        """The record's position: `topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def arrival(self) -> tuple[int, str, int, int]:
        """The record's place in the order of arrival: time, topic, partition, offset."""
        return self.timestamp or 0, self.topic, self.partition, self.offset

    @property
    def size(self) -> int:
        """The bytes of key, value and headers."""
        headers = sum(len(name) + len(value or b"") for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers

    def header(self, name: str) -> bytes | None:
        """Return the first value of a header; None if the record has no such header."""
        for header, value in self.headers:
            if header == name:
                return value
        return None
