"""How records are packed into batches, with aiokafka's own batch builder."""

import asyncio
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.producer.message_accumulator import BatchBuilder

from tasker_consumers.engine.flow.batch_producer import KafkaBatchProducer, ProducerRecord, pack
from tasker_schemas.errors import BackendUnavailable

LIMIT = 1000
create_batch = partial(BatchBuilder, LIMIT, 0)


def counts(sizes: list[int]) -> list[int]:
    records = [ProducerRecord(b"k", b"x" * size) for size in sizes]
    return [batch.builder.record_count() for batch in pack(create_batch, records)]


def test_records_share_batches_up_to_their_size() -> None:
    assert counts([300, 300, 300, 300]) == [3, 1]


def test_a_record_larger_than_a_batch_goes_alone() -> None:
    assert counts([10, 5000, 10]) == [1, 1, 1]


def test_nothing_makes_no_batch() -> None:
    assert counts([]) == []


def test_headers_timestamp_and_missing_values_are_taken_along() -> None:
    class Recorder:
        kept: dict[str, Any]

        def append(self, **record: Any) -> object:
            self.kept = record
            return object()

        def record_count(self) -> int:
            return 1

    (batch,) = pack(Recorder, [ProducerRecord(b"k", None, 5, [("h", b"v")])])
    assert batch.builder.kept == {"key": b"k", "value": None, "timestamp": 5, "headers": [("h", b"v")]}


class Leaderless:
    """An aiokafka producer that finds a partition's leader only at the third attempt."""

    def __init__(self) -> None:
        self.attempts = 0

    def create_batch(self) -> BatchBuilder:
        return create_batch()

    async def send_batch(self, builder: BatchBuilder, topic: str, *, partition: int) -> asyncio.Future[Any]:
        assert (builder.record_count(), topic, partition) == (1, "t", 0)
        self.attempts += 1
        if self.attempts < 3:
            raise UnknownTopicOrPartitionError
        answer = asyncio.get_running_loop().create_future()
        answer.set_result(SimpleNamespace(offset=7))
        return answer


async def test_a_batch_waits_for_a_leader_where_that_is_asked_for() -> None:
    producer = Leaderless()
    records = [ProducerRecord(b"k", b"v")]
    with pytest.raises(BackendUnavailable, match=r"Kafka took no records for t \[0\]"):
        await KafkaBatchProducer(lambda: producer).send("t", 0, records)
    assert await KafkaBatchProducer(lambda: producer, waits_for_leaders=True).send("t", 0, records) == 7
    assert producer.attempts == 3
