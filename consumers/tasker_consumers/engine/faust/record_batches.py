"""Fetched bytes to records: aiokafka checks the batches, a bounded decompressor and a reader in C take them apart.

aiokafka makes two objects of each record and three of each header, whether anybody looks at them or not. Where the
package was installed without a C compiler, aiokafka reads the decompressed records.

A batch that cannot be read becomes an `UnreadableBatch`, which goes to the dead letters as a pointer: reading goes on
behind it.
"""
# ruff: noqa: SLF001  it reaches into aiokafka, as `consumer` does

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords

from tasker_consumers.engine.faust.decompression import Decompressor, TooLargeError
from tasker_consumers.engine.unreadable_batch import UnreadableBatch
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tasker_schemas.extensions import compiled_or

_COMPILED = "tasker_consumers.engine.faust._record_batches_c"
NativeRecord, unpack, native_size = (
    compiled_or(_COMPILED, name, None) for name in ("NativeRecord", "unpack", "native_size")
)

#: Decompressed bytes after which no more batches are read in a round; those that are left out are fetched again.
FETCH_BYTES = 64 << 20
# Bytes of a batch: before its length, before its attributes, before the number of its records, before its records.
_BEFORE_LENGTH, _OVERHEAD, _ATTRIBUTES, _COUNT, _HEADER = 8, 12, 21, 57, 61
_APPEND_TIME, _CODEC_MASK = 1, 0x07

#: Told a topic, a partition, a batch of aiokafka, its decompressed records and their number, returns the positions of
#: those to deliver.
Choose = Callable[[str, int, Any, bytes, int], Sequence[int]]


class FetchBudget:
    """How many decompressed bytes a round of fetched records may still have, over all partitions."""

    def __init__(self) -> None:
        self.remaining = FETCH_BYTES

    def renew(self) -> None:
        """Begin a round."""
        self.remaining = FETCH_BYTES


def total_size(records: list[Any]) -> int:
    """Return how many decompressed bytes the records of a run hold in memory."""
    if native_size is not None:
        return int(native_size(records))
    return sum(len(record.key or b"") + len(record.value or b"") for record in records)


def deliver_bounded_records(fetcher: Any, choose: Choose | None = None) -> FetchBudget:
    """Have a fetcher of aiokafka decompress within limits, and deliver native records where they are compiled.

    Of native records those that `choose` names are delivered. Returns the budget of a round, which the caller renews
    before each.
    """
    process = type(fetcher)._proc_fetch_request
    budget = FetchBudget()
    batches = partial(_Batches, decompressor=Decompressor(), budget=budget, choose=choose)
    names = {**process.__globals__, "MemoryRecords": batches, "PartitionRecords": _Records}
    fetcher._proc_fetch_request = MethodType(FunctionType(process.__code__, names), fetcher)
    return budget


class _Batches:
    """aiokafka's batches, which know the bytes they came from."""

    def __init__(
        self, data: bytes, *, decompressor: Decompressor, budget: FetchBudget, choose: Choose | None = None
    ) -> None:
        self._data = memoryview(data)
        self._position = 0
        self._batches = MemoryRecords(data)
        self.size_in_bytes = self._batches.size_in_bytes
        self.decompressor = decompressor
        self.budget = budget
        self.choose = choose
        self.topic = ""
        self.partition = 0

    def has_next(self) -> bool:
        return self.budget.remaining > 0 and bool(self._batches.has_next())

    def next_batch(self) -> Any:
        batch = self._batches.next_batch()
        begin = self._position
        size = int.from_bytes(self._data[begin + _BEFORE_LENGTH : begin + _OVERHEAD], "big")
        self._position = end = begin + _OVERHEAD + size
        if not isinstance(batch, DefaultRecordBatch) or batch.is_control_batch:  # of an older format, or no records
            return batch
        return _Batch(self, batch, self._data[begin:end])


class _Batch:
    """A batch whose records are decompressed within a limit."""

    def __init__(self, origin: _Batches, batch: Any, data: memoryview) -> None:
        self._origin = origin
        self._batch = batch
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        data = self._data[_HEADER:]
        if not data:  # compaction left nothing but the header
            return iter(())
        try:
            payload = self._origin.decompressor.decompress(self._batch.compression_type, data)
            self._origin.budget.remaining -= len(payload)
            return iter(self._native(payload) if unpack is not None else list(self._foreign(payload)))
        except TooLargeError as error:
            return iter([self._unreadable(PoisonReason.TOO_LARGE, error)])
        except (ValueError, CorruptRecordException) as error:
            return iter([self._unreadable(PoisonReason.MALFORMED, error)])

    def _native(self, payload: bytes) -> list[Any]:
        batch, origin = self._batch, self._origin
        append_time = batch.max_timestamp if batch.timestamp_type == _APPEND_TIME else -1
        count = int.from_bytes(self._data[_COUNT:_HEADER], "big", signed=True)
        offset, timestamp = batch.base_offset, batch.first_timestamp
        chosen = None
        if origin.choose is not None:
            chosen = origin.choose(origin.topic, origin.partition, batch, payload, count)
            if not chosen:
                return []
        records: list[Any] = unpack(origin.topic, origin.partition, payload, offset, timestamp, append_time, count)
        return records if chosen is None else [records[position] for position in chosen]

    def _foreign(self, payload: bytes) -> Any:
        """Return aiokafka's own batch over the decompressed records."""
        header = bytearray(self._data[:_HEADER])
        header[_ATTRIBUTES + 1] &= ~_CODEC_MASK
        return DefaultRecordBatch(bytes(header) + payload)

    def _unreadable(self, reason: PoisonReason, error: Exception) -> UnreadableBatch:
        batch, origin = self._batch, self._origin
        first, last = batch.base_offset, batch.next_offset - 1
        where = f"{origin.topic}/{origin.partition}, offsets {first} to {last}"
        return UnreadableBatch(
            topic=origin.topic,
            partition=origin.partition,
            offset=last,
            first_offset=first,
            timestamp=batch.max_timestamp,
            size=len(self._data),
            error=PoisonRecord(reason, f"a batch that cannot be read ({where}): {error}"),
        )


class _Records(PartitionRecords):  # type: ignore[misc]  # aiokafka has no types
    """The records of a fetch of a partition."""

    def __init__(self, tp: Any, records: _Batches, *options: Any) -> None:
        records.topic, records.partition = tp
        super().__init__(tp, records, *options)

    def __iter__(self) -> Iterator[Any]:
        return self._records_iterator  # type: ignore[no-any-return]  # aiokafka's own step around it costs as much

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record if type(record) in (NativeRecord, UnreadableBatch) else super()._consumer_record(tp, record)
