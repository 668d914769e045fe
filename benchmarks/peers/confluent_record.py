"""A confluent-kafka message in the shape that our decoders read."""

from __future__ import annotations

from confluent_kafka import Message


class ConfluentRecord:
    """A view, not a copy: an attribute costs one call of the client's C code, and what is not asked costs nothing."""

    __slots__ = ("_message", "key", "value")

    def __init__(self, message: Message) -> None:
        self._message = message
        self.key: bytes | None = message.key()
        self.value: bytes | None = message.value()

    @property
    def topic(self) -> str:
        return str(self._message.topic())

    @property
    def partition(self) -> int:
        return int(self._message.partition())

    @property
    def offset(self) -> int:
        return int(self._message.offset())

    @property
    def timestamp(self) -> int:
        return int(self._message.timestamp()[1])

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        return list(self._message.headers() or ())
