"""A batch is read as aiokafka reads it; a batch that cannot be read becomes one record that says so."""

from typing import Any

import pytest
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasker_consumers.engine.faust import record_batches
from tasker_consumers.engine.faust.decompression import Decompressor
from tasker_consumers.engine.faust.record_batches import FetchBudget, total_size
from tasker_consumers.engine.unreadable_batch import UnreadableBatch
from tasker_schemas.errors import PoisonReason

TOPIC = TopicPartition("t.events.task", 3)
CODECS = range(5)
BLOBS = st.none() | st.binary(max_size=300)
HEADERS = st.lists(st.tuples(st.text(max_size=20), BLOBS), max_size=4)
RECORDS = st.lists(st.tuples(st.integers(0, 2**41), BLOBS, BLOBS, HEADERS), min_size=1, max_size=20)
SAMPLE: list[Any] = [(1000, b"key", b"value", [("a", b"1"), ("b", None)]), (900, None, None, []), (2000, b"", b"", [])]


def batch(records: list[Any], codec: int = 0, base_offset: int = 0) -> bytearray:
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, -1, 1 << 20)
    for offset, (timestamp, key, value, headers) in enumerate(records):
        builder.append(offset, timestamp, key, value, headers)
    data = bytearray(builder.build())
    data[:8] = base_offset.to_bytes(8, "big")  # the broker gives it, and the checksum does not count it
    return data


def records_of(data: bytes | bytearray, begin: int = 0, limit: int = 64 << 20, budget: Any = None) -> Any:
    batches = record_batches._Batches(bytes(data), decompressor=Decompressor(limit), budget=budget or FetchBudget())
    return record_batches._Records(TOPIC, batches, [], begin, None, None, True, 0)


def as_aiokafka(data: bytes | bytearray, begin: int = 0) -> Any:
    return PartitionRecords(TOPIC, MemoryRecords(bytes(data)), [], begin, None, None, True, 0)


def read(made: Any) -> list[Any]:
    fields = [(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in made]
    return [*fields, made.next_fetch_offset]


@pytest.fixture(params=["native", "interpreted"], autouse=True)
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "interpreted":
        for name in ("unpack", "NativeRecord", "native_size"):
            monkeypatch.setattr(record_batches, name, None)
    elif record_batches.unpack is None:
        pytest.skip("installed without a C compiler: there are no native records")
    return str(request.param)


several = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@several
@given(RECORDS, st.sampled_from(CODECS), st.integers(0, 2**40))
def test_records_are_those_that_aiokafka_reads(records: list[Any], codec: int, base_offset: int) -> None:
    data = batch(records, codec, base_offset)
    assert read(records_of(data)) == read(as_aiokafka(data))
    assert len(read(records_of(data))) == len(records) + 1


def with_checksum(data: bytearray) -> bytes:
    data[17:21] = calc_crc32c(bytes(data[21:])).to_bytes(4, "big")
    return bytes(data)


@several
@given(RECORDS, st.data())
def test_a_damaged_batch_is_read_as_aiokafka_reads_it_or_is_refused_as_a_whole(records: list[Any], draw: Any) -> None:
    data = batch(records)
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(57, len(data) - 1))] = draw.draw(st.integers(0, 255))
    damaged = with_checksum(data)
    (*ours, next_offset) = read(records_of(damaged))
    try:
        assert [*ours, next_offset] == read(as_aiokafka(damaged))
    except (CorruptRecordException, UnicodeDecodeError, OverflowError):
        assert next_offset == len(records)


@several
@given(RECORDS, st.sampled_from(CODECS), st.binary(min_size=1, max_size=40), st.data())
def test_a_batch_of_foreign_bytes_never_ends_the_reading(
    records: list[Any], codec: int, junk: bytes, draw: Any
) -> None:
    data = batch(records, codec)
    at = draw.draw(st.integers(61, len(data)))
    data[at : at + len(junk)] = junk
    data[8:12] = (len(data) - 12).to_bytes(4, "big")
    assert read(records_of(with_checksum(data) + batch(SAMPLE, 0, 10**6)))[-1] == 10**6 + 3


@pytest.mark.parametrize("codec", CODECS)
def test_several_batches_of_one_fetch_follow_each_other(codec: int) -> None:
    data = batch(SAMPLE, codec) + batch(SAMPLE, 0, 3) + batch(SAMPLE, codec, 10)
    assert [record.offset for record in records_of(data)] == [0, 1, 2, 3, 4, 5, 10, 11, 12]
    assert read(records_of(data)) == read(as_aiokafka(data))


def test_a_round_of_fetches_ends_when_its_bytes_are_used_up_and_the_next_goes_on_there() -> None:
    budget = FetchBudget()
    budget.remaining = 1
    data = batch(SAMPLE) + batch(SAMPLE, 0, 3)
    assert read(records_of(data, budget=budget))[-1] == 3
    assert read(records_of(data, begin=3, budget=budget)) == [3]
    budget.renew()
    assert read(records_of(data, begin=3, budget=budget))[-1] == 6


def test_records_that_were_delivered_before_are_left_out() -> None:
    data = batch(SAMPLE) + batch(SAMPLE, 0, 3)
    assert [record.offset for record in records_of(data, begin=2)] == [2, 3, 4, 5]


def test_half_a_batch_at_the_end_waits_for_the_next_fetch() -> None:
    data = batch(SAMPLE) + batch(SAMPLE, 0, 3)[:-10]
    assert read(records_of(data))[-1] == 3


def test_a_batch_that_compaction_emptied_is_passed_over() -> None:
    data = batch(SAMPLE, 4)[:61]
    data[8:12], data[57:61] = (49).to_bytes(4, "big"), bytes(4)
    assert read(records_of(with_checksum(data))) == [3]


def test_batches_of_an_older_format_are_aiokafka_s() -> None:
    builder = LegacyRecordBatchBuilder(1, 0, 1 << 20)
    builder.append(0, timestamp=5, key=b"k", value=b"v")
    data = bytes(builder.build())
    assert read(records_of(data)) == read(as_aiokafka(data))


def test_a_batch_with_a_wrong_checksum_is_refused() -> None:
    data = batch(SAMPLE)
    data[-3] ^= 1
    with pytest.raises(CorruptRecordException, match="Invalid CRC"):
        read(records_of(data))


@pytest.mark.parametrize("codec", CODECS)
def test_a_batch_beyond_the_limit_is_one_unreadable_record_and_reading_goes_on_behind_it(codec: int) -> None:
    data = batch([(1000, b"key", bytes(5000), [])] * 3, codec, 10) + batch(SAMPLE, codec, 13)
    unreadable, *others = records_of(data, begin=10, limit=9000)
    assert (unreadable.first_offset, unreadable.offset, unreadable.key) == (10, 12, None)
    assert unreadable.error.reason is PoisonReason.TOO_LARGE
    assert "t.events.task/3, offsets 10 to 12" in str(unreadable.error)
    assert [record.offset for record in others] == [13, 14, 15]


def test_a_batch_that_is_no_records_says_its_topic_partition_and_offsets() -> None:
    data = batch(SAMPLE, 0, 7)
    data[57:61] = (4).to_bytes(4, "big")  # of which there are three
    (unreadable,) = records_of(with_checksum(data))
    assert (type(unreadable), unreadable.error.reason) == (UnreadableBatch, PoisonReason.MALFORMED)
    assert "t.events.task/3, offsets 7 to 9" in str(unreadable.error)


def test_the_size_of_records_is_that_of_their_keys_values_and_headers() -> None:
    records = list(records_of(batch([(1000, b"key", bytes(5000), [])] * 3)))
    assert 3 * 5003 <= total_size(records) < 3 * 5020


def test_the_broker_s_time_is_that_of_every_record() -> None:
    data = batch(SAMPLE)
    data[22] |= 0x08  # attributes: the timestamps are those of the append
    assert {record.timestamp for record in records_of(with_checksum(data))} == {2000}


def test_headers_are_a_sequence() -> None:
    first, second, _ = records_of(batch(SAMPLE))
    assert (len(first.headers), first.headers[1], list(first.headers)) == (2, ("b", None), [("a", b"1"), ("b", None)])
    assert not second.headers
