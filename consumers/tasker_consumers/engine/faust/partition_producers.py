"""A producer for each partition, so that a worker that lost a partition can write nothing more into it.

A record can arrive minutes after it was sent: a connection was cut, the process was paused, the producer retries. By
then another worker may have the partition, and in a compacted topic the last record of a key counts. So each partition
has a transactional id, of which its owner begins the next epoch before it reads the changelog. The first record of that
epoch, a tombstone of `FENCE`, closes the changelog to all earlier epochs: the partition's leader refuses their records.
An output is closed in the same way by the first record that the new owner writes there.

No transaction is ever begun: records are acknowledged and readable at once, whatever isolation level a reader has.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Collection, Iterable
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from aiokafka.errors import InvalidProducerEpoch, KafkaConnectionError, ProducerFenced

from tasker_consumers.engine.faust.producer_epochs import NO_EPOCH, ProducerEpoch, next_epoch
from tasker_consumers.engine.faust.write_requests import watch_writing
from tasker_consumers.engine.flow.batch_producer import KafkaBatchProducer, ProducerRecord, RecordRefused
from tasker_consumers.engine.processor import PART
from tasker_schemas.errors import BackendUnavailable

#: The key of the record that begins an epoch in a changelog; no state has it.
FENCE = PART + PART + b"fence"
#: How long a worker whose epoch was ended waits for the group to take the partition, before it asks and after.
_TOLD_WITHIN_S, _REVOKED_WITHIN_S = 5.0, 60.0
#: Between two tries to connect.
_RECONNECT_S = 0.2
#: The coordinator forgets ids that are not used for a week, and a partition's leader those of a day.
RENEWED_AFTER_S = 12 * 3600.0
_CLOSE_S = 5.0

T = TypeVar("T")

logger = logging.getLogger(__name__)


class ProducerHost(Protocol):
    """Where producers come from, and when they may send."""

    def kafka_producer(self) -> Any:
        """Return the worker's aiokafka producer for records that belong to no partition's owner."""

    def new_producer(self) -> Any:
        """Return another producer, not started, that numbers its records."""

    async def may_write(self) -> None:
        """Wait until the group has heard of this worker within a session."""

    async def sleep_unless_closing(self, seconds: float) -> bool:
        """Wait, but not longer than until the partitions are taken away, and return whether they are."""

    def restore(self, partition: int) -> None:
        """Ask the group who has a partition: if it is this worker, its states are restored in the next epoch."""


class PartitionProducers:
    """The producers of a worker (`flow.batch_producer.BatchProducer`); records of other topics share a producer."""

    def __init__(
        self, host: ProducerHost, group: str, changelog: str, outputs: Collection[str], limit_s: float
    ) -> None:
        self._host = host
        self._group = group
        self._changelog = changelog
        self._topics = {changelog, *outputs}
        self._limit_s = limit_s
        self._shared = KafkaBatchProducer(host.kafka_producer)
        self._open: dict[int, _PartitionProducer] = {}
        self._changing = asyncio.Lock()

    async def open(self, partitions: Collection[int]) -> dict[int, int]:
        """Begin the next epoch of each partition, and return the offset of its first record in the changelog.

        Nobody who had a partition before can write to its changelog afterwards. All other producers are closed.
        """
        async with self._changing:
            await self._close_all()
            opening = [asyncio.ensure_future(self._begin(partition, NO_EPOCH)) for partition in partitions]
            try:
                offsets = await asyncio.gather(*opening)
            finally:  # a failure or a rebalance ends all of them
                await _cancelled(opening)
        return dict(zip(partitions, offsets, strict=True))

    async def renew(self, partition: int) -> None:
        """Begin another epoch of a partition that is held, if its id could be forgotten; nothing may be sending."""
        producer = self._open.get(partition)
        if producer is not None and time.monotonic() > producer.opened + RENEWED_AFTER_S:
            await self._reopen(partition, producer)

    async def send(self, topic: str, partition: int, records: Iterable[ProducerRecord]) -> int | None:
        """See `BatchProducer`; a partition that was lost raises BackendUnavailable, after the group has taken it."""
        if topic not in self._topics:
            return await self._shared.send(topic, partition, records)
        try:
            producer = await self._producer_of(partition)
            return await producer.send(topic, partition, records, self._limit_s)
        except BackendUnavailable as error:
            if isinstance(error.__cause__, ProducerFenced | InvalidProducerEpoch):
                logger.warning("Partition %d has another owner: waiting for the group to say so", partition)
                # Or it had: a worker that stood still can begin its epoch after the partition has come to this worker.
                if not await self._host.sleep_unless_closing(_TOLD_WITHIN_S):
                    self._host.restore(partition)
                    await self._host.sleep_unless_closing(_REVOKED_WITHIN_S)
            raise

    def abandon(self) -> None:
        """Give up the records in flight: their senders get an error, and the next owner refuses late records."""
        for producer in self._open.values():
            producer.abandon()

    async def close(self) -> None:
        """Close all producers."""
        async with self._changing:
            await self._close_all()

    async def _producer_of(self, partition: int) -> "_PartitionProducer":
        producer = self._open.get(partition)
        if producer is not None and producer.has_gap:
            producer = await self._reopen(partition, producer)
        if producer is None:
            raise BackendUnavailable(f"Partition {partition} is not this worker's")
        return producer

    async def _close_all(self) -> None:
        producers = list(self._open.values())
        self._open.clear()
        await asyncio.gather(*(producer.close() for producer in producers))

    async def _reopen(self, partition: int, producer: "_PartitionProducer") -> "_PartitionProducer | None":
        async with self._changing:
            if self._open.get(partition) is producer:  # else it was closed, or somebody else was faster
                del self._open[partition]
                await producer.close()
                await self._begin(partition, producer.epoch)
            return self._open.get(partition)

    async def _begin(self, partition: int, current: ProducerEpoch) -> int:
        await self._host.may_write()
        client = self._host.kafka_producer().client
        epoch = await next_epoch(client, f"{self._group}-{partition}", current, self._limit_s)
        producer = _PartitionProducer(self._host, epoch)
        try:
            await producer.start(self._limit_s)
            offset = await producer.send(self._changelog, partition, [ProducerRecord(FENCE, None)], self._limit_s)
        except BaseException:
            producer.abandon()
            await producer.close()
            raise
        self._open[partition] = producer
        return offset if offset is not None else -1


class _PartitionProducer:
    """An aiokafka producer that writes in a fixed epoch."""

    def __init__(self, host: ProducerHost, epoch: ProducerEpoch) -> None:
        self.epoch = epoch
        self.opened = time.monotonic()
        #: Whether a batch was given up: brokers take no later number before it.
        self.has_gap = False
        self._may_write = host.may_write
        self._producer = host.new_producer()
        self._batches = KafkaBatchProducer(lambda: self._producer, waits_for_leaders=True)
        self._abandoned = asyncio.Event()
        watch_writing(self._producer, self._check)

    async def start(self, limit_s: float) -> None:
        """Connect, again and again for `limit_s`, then raises BackendUnavailable."""
        self._producer._txn_manager.set_pid_and_epoch(*self.epoch)  # noqa: SLF001  else aiokafka asks for an epoch
        while time.monotonic() < self.opened + limit_s:
            with suppress(KafkaConnectionError):
                await self._producer.start()
                return
            await asyncio.sleep(_RECONNECT_S)
        raise BackendUnavailable(f"Kafka did not answer for {limit_s:.0f} s while a partition was opened")

    async def send(self, topic: str, partition: int, records: Iterable[ProducerRecord], limit_s: float) -> int | None:
        """Send and wait for the acknowledgement; raises BackendUnavailable after `limit_s`, or when abandoned."""
        try:
            sending = await self._unless_abandoned(self._batches.send(topic, partition, records), limit_s)
            if sending.done():
                return sending.result()
            reason = "given up" if self._abandoned.is_set() else f"no answer in {limit_s:.0f} s"
            raise BackendUnavailable(f"Kafka took no records for {topic} [{partition}]: {reason}")  # noqa: TRY301
        except RecordRefused:
            raise
        except BaseException:
            self.has_gap = True
            raise

    def abandon(self) -> None:
        """Give up the records in flight."""
        self._abandoned.set()

    async def close(self) -> None:
        """Disconnect; abandoned records are not sent any more."""
        if self.has_gap or self._abandoned.is_set():
            await self._drop()
        else:
            await self._producer.stop()

    async def _drop(self) -> None:
        # aiokafka's own `stop` would wait until everything is sent.
        self._abandoned.set()
        self._producer._closed = True  # noqa: SLF001
        with suppress(TimeoutError, Exception):
            async with asyncio.timeout(_CLOSE_S):
                await self._producer.client.close()
                await self._producer._sender.close()  # noqa: SLF001

    async def _check(self) -> None:
        await self._unless_abandoned(self._may_write(), None)
        if self._abandoned.is_set():
            raise KafkaConnectionError("given up")

    async def _unless_abandoned(self, work: Awaitable[T], limit_s: float | None) -> "asyncio.Future[T]":
        """Wait for work up to `limit_s`, or until the producer is abandoned; cancel work that is not done then."""
        working = asyncio.ensure_future(work)
        abandoned = asyncio.ensure_future(self._abandoned.wait())
        try:
            await asyncio.wait({working, abandoned}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
            return working
        finally:
            working.cancel()
            abandoned.cancel()


async def _cancelled(tasks: Collection[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
