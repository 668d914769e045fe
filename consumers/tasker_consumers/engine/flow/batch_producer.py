"""Whole record batches to Kafka, acknowledged before the caller goes on."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from aiokafka.errors import (
    CorruptRecordException,
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnknownTopicOrPartitionError,
)

from tasker_schemas.errors import BackendUnavailable

#: A batch is closed at this size, well below the 1 MiB that brokers usually accept; a larger record goes alone.
BATCH_BYTES = 512 << 10
#: Answers of a broker that concern the records: sending the same ones again brings the same answer.
_REFUSALS = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTimestampError, CorruptRecordException)
#: No topic takes a larger record, and a broker closes the connection at a request of 100 MiB.
_LARGEST_BYTES = 64 << 20


class ProducerRecord(NamedTuple):
    """A record to send; `timestamp` in milliseconds since the epoch, None for now."""

    key: bytes | None
    value: bytes | None
    timestamp: int | None = None
    headers: list[tuple[str, bytes | None]] = []  # noqa: RUF012  aiokafka takes nothing but a list; nobody changes it


class RecordRefused(Exception):
    """A topic took none of the records at `positions`, because of the records; it acknowledged all others."""

    def __init__(self, topic: str, positions: Sequence[int], reason: str) -> None:
        super().__init__(f"{topic} refused {len(positions)} record(s): {reason}")
        self.topic = topic
        self.positions = positions


class BatchProducer(Protocol):
    """Sends records to a partition of a topic."""

    async def send(self, topic: str, partition: int, records: Iterable[ProducerRecord]) -> int | None:
        """Send, wait for the acknowledgement, and return the offset of the last record (None: there was none).

        Raises `RecordRefused` when the topic takes a record neither now nor later, else `BackendUnavailable`.
        """


class PackedBatch(NamedTuple):
    """A batch of aiokafka's, and the positions of its records among those that were sent."""

    builder: Any
    positions: range


class KafkaBatchProducer:
    """A batch producer over the worker's aiokafka producer.

    With `waits_for_leaders` a batch waits as long as nobody knows its partition's leader, until the caller gives it up.
    """

    def __init__(self, producer: Callable[[], Any], *, waits_for_leaders: bool = False) -> None:
        self._producer = producer  # a function, because Faust makes the producer when it starts
        self._waits_for_leaders = waits_for_leaders

    async def send(self, topic: str, partition: int, records: Iterable[ProducerRecord]) -> int | None:
        """See `BatchProducer`. All batches have their answer before it returns or raises."""
        producer = self._producer()
        deliveries, refused, reason = [], list[int](), ""
        try:
            for batch in pack(producer.create_batch, records):
                if batch.builder.size() > _LARGEST_BYTES:
                    refused += batch.positions
                    reason = f"{batch.builder.size():,} bytes are more than any topic takes"
                else:
                    delivery = await self._hand_over(producer, batch.builder, topic, partition)
                    deliveries.append((delivery, batch.positions))
        except KafkaError as error:
            raise _unavailable(topic, partition, error) from error
        finally:
            answers = await asyncio.gather(*(delivery for delivery, _ in deliveries), return_exceptions=True)
        last: int | None = None
        for answer, (_, positions) in zip(answers, deliveries, strict=True):
            if isinstance(answer, _REFUSALS):
                refused += positions
                reason = type(answer).__name__
            elif isinstance(answer, BaseException):
                raise _unavailable(topic, partition, answer) from answer
            else:
                last = answer.offset + len(positions) - 1
        if refused:
            raise RecordRefused(topic, refused, reason)
        return last

    async def _hand_over(self, producer: Any, builder: Any, topic: str, partition: int) -> Any:
        """Give a batch to aiokafka, and return the future of its answer.

        aiokafka looks for a partition's leader for as long as a request may take. Behind a network that is cut it finds
        none for longer; nothing was sent then, so it is asked again, for as long as the caller waits.
        """
        while True:
            try:
                return await producer.send_batch(builder, topic, partition=partition)
            except UnknownTopicOrPartitionError:
                if not self._waits_for_leaders:
                    raise


def pack(create_batch: Callable[[], Any], records: Iterable[ProducerRecord]) -> Iterator[PackedBatch]:
    """Fill batches with records; none is empty, and a record that is larger than a batch gets a batch for itself."""
    builder, first, position = create_batch(), 0, -1
    for position, (key, value, timestamp, headers) in enumerate(records):
        if builder.append(key=key, value=value, timestamp=timestamp, headers=headers) is None:
            yield PackedBatch(builder, range(first, position))
            builder, first = create_batch(), position
            builder.append(key=key, value=value, timestamp=timestamp, headers=headers)
    if builder.record_count():
        yield PackedBatch(builder, range(first, position + 1))


def _unavailable(topic: str, partition: int, error: BaseException) -> BackendUnavailable:
    return BackendUnavailable(f"Kafka took no records for {topic} [{partition}]: {error!r}")
