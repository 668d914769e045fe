"""How records are packed into batches, with aiokafka's own batch builder."""

from functools import partial
from typing import Any

from aiokafka.producer.message_accumulator import BatchBuilder

from tasker_consumers.engine.flow.batch_producer import ProducerRecord, pack

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
