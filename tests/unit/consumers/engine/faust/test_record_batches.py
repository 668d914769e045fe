"""What is read of a batch in C is what aiokafka reads of it."""

import importlib.util
from typing import Any

import pytest
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.engine.faust import record_batches as fetched

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tasker_consumers.engine.faust._record_batches_c") is None,
    reason="installed without a C compiler: there are no native records",
)

TOPIC = TopicPartition("t.events.task", 3)
CODECS = range(5)
BLOBS = st.none() | st.binary(max_size=300)
HEADERS = st.lists(st.tuples(st.text(max_size=20), BLOBS), max_size=4)
RECORDS = st.lists(st.tuples(st.integers(0, 2**41), BLOBS, BLOBS, HEADERS), min_size=1, max_size=20)
SOME: list[Any] = [(1000, b"key", b"value", [("a", b"1"), ("b", None)]), (900, None, None, []), (2000, b"", b"", [])]


def batch(records: list[Any], codec: int = 0, base_offset: int = 0) -> bytearray:
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, -1, 1 << 20)
    for offset, (timestamp, key, value, headers) in enumerate(records):
        builder.append(offset, timestamp, key, value, headers)
    data = bytearray(builder.build())
    data[:8] = base_offset.to_bytes(8, "big")  # the broker gives it, and the checksum does not count it
    return data


def read(data: bytes | bytearray, begin: int = 0, isolation: int = 0, *, native: bool = True) -> list[Any]:
    ours = (fetched._Records, fetched._Batches)
    records, batches = ours if native else (PartitionRecords, MemoryRecords)
    made = records(TOPIC, batches(bytes(data)), [], begin, None, None, True, isolation)
    found = [(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in made]
    return [*found, made.next_fetch_offset]


@given(RECORDS, st.sampled_from(CODECS), st.integers(0, 2**40))
def test_records_are_those_that_aiokafka_reads(records: list[Any], codec: int, base_offset: int) -> None:
    data = batch(records, codec, base_offset)
    assert read(data) == read(data, native=False)
    assert len(read(data)) == len(records) + 1


@pytest.mark.parametrize("codec", CODECS)
def test_several_batches_of_one_fetch_follow_each_other(codec: int) -> None:
    data = batch(SOME, codec) + batch(SOME, 0, 3) + batch(SOME, codec, 10)
    assert [record[2] for record in read(data)[:-1]] == [0, 1, 2, 3, 4, 5, 10, 11, 12]
    assert read(data) == read(data, native=False)


def test_what_was_delivered_before_is_left_out() -> None:
    data = batch(SOME) + batch(SOME, 0, 3)
    assert [record[2] for record in read(data, begin=2)[:-1]] == [2, 3, 4, 5]


def test_half_a_batch_at_the_end_waits_for_the_next_fetch() -> None:
    data = batch(SOME) + batch(SOME, 0, 3)[:-10]
    assert read(data)[-1] == 3


def test_batches_of_an_older_format_are_aiokafka_s() -> None:
    builder = LegacyRecordBatchBuilder(1, 0, 1 << 20)
    builder.append(0, timestamp=5, key=b"k", value=b"v")
    assert read(builder.build()) == read(builder.build(), native=False)


def test_a_damaged_batch_is_refused() -> None:
    data = batch(SOME)
    data[-3] ^= 1
    with pytest.raises(CorruptRecordException, match="Invalid CRC"):
        read(data)


@given(st.binary(max_size=60))
def test_bytes_that_are_no_records_are_refused_or_read_to_their_end(payload: bytes) -> None:
    try:
        records = fetched.unpack("t", 0, payload, 0, 0, -1)
        told = [list(record.headers) for record in records]
    except (ValueError, OverflowError):
        return
    assert len(told) <= len(payload)


def test_the_broker_s_time_is_that_of_every_record() -> None:
    data = batch(SOME)
    data[22] |= 0x08  # attributes: the timestamps are those of the append
    made = fetched._Batch(fetched._Batches(bytes(data)), MemoryRecords(bytes(data)).next_batch(), bytes(data[61:]))
    assert {record.timestamp for record in made} == {2000}


def test_headers_are_a_sequence() -> None:
    first, second, _ = fetched._Records(TOPIC, fetched._Batches(bytes(batch(SOME))), [], 0, None, None, True, 0)
    assert (len(first.headers), first.headers[1], list(first.headers)) == (2, ("b", None), [("a", b"1"), ("b", None)])
    assert not second.headers


def test_a_header_with_a_name_that_is_no_text_is_read_all_the_same() -> None:
    (record,) = fetched.unpack("t", 0, b"\x12\x00\x00\x00\x01\x01\x02\x02\xff\x00", 0, 0, -1)
    assert list(record.headers) == [("\ufffd", b"")]
