"""Fetched bytes to records: aiokafka checks the batches, what is in them is read in C (`_record_batches_c`).

aiokafka makes two objects of each record and three of each header, whether anybody looks at them or not. Where the
package was installed without a C compiler, its own records are delivered.
"""
# ruff: noqa: SLF001  it reaches into aiokafka, as `transport` does

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import FunctionType, MethodType
from typing import Any

from aiokafka import codec
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords

NativeRecord: Any = None
unpack: Any = None
with suppress(ImportError):
    from tasker_consumers.engine.faust._record_batches_c import NativeRecord, unpack

_BEFORE_LENGTH, _OVERHEAD, _HEADER = 8, 12, 61  # bytes of a batch: to its length, to what that counts, to its records
_APPEND_TIME = 1
_DECODERS: Mapping[int, Callable[[bytes], bytes]] = {
    0: bytes,
    1: codec.gzip_decode,
    2: codec.snappy_decode,
    3: codec.lz4_decode,
    4: codec.zstd_decode,
}


def deliver_native_records(fetcher: Any) -> None:
    """Have one of aiokafka's fetchers deliver native records, if there can be any."""
    if unpack is None:
        return
    process = type(fetcher)._proc_fetch_request
    names = {**process.__globals__, "MemoryRecords": _Batches, "PartitionRecords": _Records}
    fetcher._proc_fetch_request = MethodType(FunctionType(process.__code__, names), fetcher)


class _Batches:
    """aiokafka's batches, which know the bytes they came from."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._batches = MemoryRecords(data)
        self.has_next = self._batches.has_next
        self.size_in_bytes = self._batches.size_in_bytes
        self.topic = ""
        self.partition = 0

    def next_batch(self) -> Any:
        batch = self._batches.next_batch()
        begin = self._position
        size = int.from_bytes(self._data[begin + _BEFORE_LENGTH : begin + _OVERHEAD], "big")
        self._position = end = begin + _OVERHEAD + size
        if not isinstance(batch, DefaultRecordBatch) or batch.is_control_batch:  # of an older format, or no records
            return batch
        return _Batch(self, batch, self._data[begin + _HEADER : end])


class _Batch:
    """One of them, whose records are native."""

    def __init__(self, origin: _Batches, batch: Any, payload: bytes) -> None:
        self._origin = origin
        self._batch = batch
        self._payload = payload

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        batch, origin = self._batch, self._origin
        append_time = batch.max_timestamp if batch.timestamp_type == _APPEND_TIME else -1
        payload = _DECODERS[batch.compression_type](self._payload)
        try:
            return iter(
                unpack(origin.topic, origin.partition, payload, batch.base_offset, batch.first_timestamp, append_time)
            )
        except ValueError as error:
            raise CorruptRecordException(f"{origin.topic}/{origin.partition}/{batch.base_offset}: {error}") from error


class _Records(PartitionRecords):  # type: ignore[misc]  # aiokafka has no types
    """The records of one fetch of a partition."""

    def __init__(self, tp: Any, records: _Batches, *more: Any) -> None:
        records.topic, records.partition = tp
        super().__init__(tp, records, *more)

    def __iter__(self) -> Iterator[Any]:
        return self._records_iterator  # type: ignore[no-any-return]  # aiokafka's own step around it costs as much

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record if type(record) is NativeRecord else super()._consumer_record(tp, record)
