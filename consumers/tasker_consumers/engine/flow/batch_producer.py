"""Whole record batches to Kafka, acknowledged before the caller goes on."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from tasker_schemas.errors import BackendUnavailable, ConfigurationError

#: A batch is closed at this size, well below the 1 MiB that brokers usually accept; a larger record goes alone.
BATCH_BYTES = 512 << 10


class ProducerRecord(NamedTuple):
    """A record to send; `timestamp` in milliseconds since the epoch, None for now."""

    key: bytes | None
    value: bytes | None
    timestamp: int | None = None
    headers: list[tuple[str, bytes]] = []  # noqa: RUF012  aiokafka takes nothing but a list; nobody changes it


class BatchProducer(Protocol):
    """Somewhere to send records to."""

    async def send(self, topic: str, partition: int, records: Iterable[ProducerRecord]) -> int | None:
        """Send, wait for the acknowledgement, and return the offset of the last record (None: there was none)."""


class KafkaBatchProducer:
    """A batch producer over the worker's aiokafka producer."""

    def __init__(self, producer: Callable[[], Any]) -> None:
        self._producer = producer  # a function, because Faust makes the producer when it starts

    async def send(self, topic: str, partition: int, records: Iterable[ProducerRecord]) -> int | None:
        """See `BatchProducer`.

        Raises `ConfigurationError` for a record too large for the topic, else `BackendUnavailable`.
        """
        producer = self._producer()
        pending = []
        last = None
        try:
            for batch in pack(producer.create_batch, records):
                count = batch.record_count()
                pending.append((await producer.send_batch(batch, topic, partition=partition), count))
            for delivery, count in pending:
                last = (await delivery).offset + count - 1
        except MessageSizeTooLargeError as error:
            raise ConfigurationError(f"{topic} refused a record for its size: raise its max.message.bytes.") from error
        except KafkaError as error:
            raise BackendUnavailable(f"Kafka took no records for {topic} [{partition}]: {error!r}") from error
        return last


def pack(create_batch: Callable[[], Any], records: Iterable[ProducerRecord]) -> Iterator[Any]:
    """Fill batches with records; none is empty, and a record that is larger than a batch gets one of its own."""
    batch = create_batch()
    for key, value, timestamp, headers in records:
        if batch.append(key=key, value=value, timestamp=timestamp, headers=headers) is None:
            yield batch
            batch = create_batch()
            batch.append(key=key, value=value, timestamp=timestamp, headers=headers)
    if batch.record_count():
        yield batch
