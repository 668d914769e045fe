"""Reads large ranges for a few records: those that key or headers rule out are dropped before anything is made of them.

Kafka's usual client makes an object of every message. Here aiokafka fetches, as in the workers, and a filter in C looks
through the decompressed batches.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from tasker_consumers.engine.faust.connection import Connection, connection
from tasker_consumers.engine.faust.record_batches import deliver_bounded_records, unpack
from tasker_consumers.engine.unreadable_batch import UnreadableBatch
from tasker_consumers.replay.reading.offset_range import OffsetRange
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.conditions import Conditions
from tasker_schemas.errors import BackendUnavailable, ConfigurationError
from tasker_schemas.extensions import compiled_or

RecordFilter = compiled_or("tasker_consumers.replay.reading._record_filter_c", "RecordFilter", None)
Partition = tuple[str, int]

_WAIT_MS = 100
#: Bytes of a partition that a request asks for; few requests, as nobody waits for the first record.
_PARTITION_BYTES = 4 << 20
_APPEND_TIME = 1


def can_scan(kafka: Mapping[str, str]) -> bool:
    """Return whether the filter is compiled and these settings of a connection are those of aiokafka too."""
    if RecordFilter is None or unpack is None:
        return False
    try:
        connection(kafka)
    except ConfigurationError:
        return False
    return True


class Scan:
    """A reader of ranges that delivers the records which meet conditions on key and headers.

    Use it in a `with` block. Raises BackendUnavailable when Kafka does not answer.
    """

    def __init__(self, kafka: Mapping[str, str], ranges: Sequence[OffsetRange], conditions: Conditions) -> None:
        self._kafka = kafka
        self._starts = {TopicPartition(span.topic, span.partition): span.start for span in ranges}
        self._filter = RecordFilter(*conditions)
        self._loop = asyncio.new_event_loop()
        self._consumer: Any = None
        self._budget: Any = None
        #: By partition the latest time of all batches that were looked through, milliseconds.
        self.reached: dict[Partition, int] = {}
        #: Bytes that were looked through since the start.
        self.size = 0
        # From which offset on the broker set the times, or did not.
        self._appended: dict[Partition, list[tuple[int, bool]]] = {}

    def __enter__(self) -> Self:
        self._run(self._start())
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            if self._consumer is not None:
                self._loop.run_until_complete(self._consumer.stop())
        finally:
            self._loop.close()

    def poll(self) -> dict[Partition, list[StoredRecord]]:
        """Return the records of the next batches, by partition; nothing when nothing was found for a moment."""
        found: dict[Any, list[Any]] = self._run(self._consumer.getmany(timeout_ms=_WAIT_MS))
        self._budget.renew()
        return {tuple(partition): list(map(self._stored, records)) for partition, records in found.items()}

    def positions(self, partitions: Sequence[Partition]) -> list[int]:
        """Return for each partition the offset from which on nothing was read."""
        return [self._run(self._consumer.position(TopicPartition(*partition))) for partition in partitions]

    def pause(self, partitions: set[Partition]) -> None:
        """Read nothing of these partitions for now."""
        self._run(_within_loop(self._consumer.pause, partitions))

    def resume(self, partitions: set[Partition]) -> None:
        """Go on with partitions that were paused."""
        self._run(_within_loop(self._consumer.resume, partitions))

    async def _start(self) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=[f"{url.host}:{url.port}" for url in connection(self._kafka).brokers],
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",  # as librdkafka
            fetch_max_bytes=_PARTITION_BYTES * 16,
            max_partition_fetch_bytes=_PARTITION_BYTES,
            **_credentials(connection(self._kafka)),
        )
        await self._consumer.start()
        self._budget = deliver_bounded_records(self._consumer._fetcher, self._choose)  # noqa: SLF001
        self._consumer.assign(list(self._starts))
        for partition, start in self._starts.items():
            self._consumer.seek(partition, start)

    def _run(self, work: Any) -> Any:
        try:
            return self._loop.run_until_complete(work)
        except KafkaError as error:
            brokers = self._kafka.get("bootstrap.servers")
            raise BackendUnavailable(f"Kafka at {brokers} does not answer ({error})") from error

    def _choose(self, topic: str, partition: int, batch: Any, payload: bytes, count: int) -> Sequence[int]:
        """Return the positions of the records that may be selected, and note what was looked through."""
        place = (topic, partition)
        self.size += len(payload)
        self.reached[place] = max(self.reached.get(place, -1), batch.max_timestamp)
        kinds, appended = self._appended.setdefault(place, []), batch.timestamp_type == _APPEND_TIME
        if not kinds or kinds[-1][1] != appended:
            kinds.append((batch.base_offset, appended))
        positions: list[int] = self._filter.positions(payload, count)
        if not positions:
            self._budget.renew()  # it bounds what is kept
        return positions

    def _stored(self, record: Any) -> StoredRecord:
        if isinstance(record, UnreadableBatch):
            raise BackendUnavailable(str(record.error))
        kinds = self._appended.get((record.topic, record.partition), [])
        kind = bisect_right(kinds, (record.offset, True)) - 1
        return StoredRecord(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            timestamp=record.timestamp,
            key=record.key,
            value=record.value,
            headers=tuple(record.headers),
            appended=kind >= 0 and kinds[kind][1],
        )


async def _within_loop(call: Callable[..., None], partitions: set[Partition]) -> None:
    """Call a method of aiokafka that wants to find its loop running."""
    call(*(TopicPartition(*partition) for partition in partitions))


def _credentials(settings: Connection) -> Mapping[str, Any]:
    if settings.credentials is None:
        return {}
    from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth  # noqa: PLC0415  slow to import

    translated: Mapping[str, Any] = credentials_to_aiokafka_auth(settings.credentials)
    return translated
