"""The way of fetched records into the database: read, check, gather, one transaction; what fails is put aside alone.

While the database, the registry or Kafka's dead letters are away the batch waits, this worker stays in its group, and
nothing is dropped. When partitions go to another worker meanwhile, the batch is let go: the next owner reads it again,
from where the database ends.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from tasker_consumers.engine.flow.isolation import process_or_isolate
from tasker_consumers.engine.flow.quarantine import Burial, Quarantine, failed, is_record_fault
from tasker_consumers.store.core.batch import Batch
from tasker_consumers.store.core.records import FetchedRecord, RecordReader
from tasker_consumers.store.settings import StoreSettings
from tasker_consumers.store.worker.burial import DeadLetterProducer, burial_of
from tasker_consumers.store.worker.group_consumer import GroupConsumer
from tasker_consumers.store.worker.metrics import StoreMetrics
from tasker_consumers.store.writing.writer import StoreWriter
from tasker_schemas.errors import BackendUnavailable

T = TypeVar("T")

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 10.0
#: Between two lines about the same wait.
_LINE_S = 10.0
#: Records that are read without giving other coroutines, such as `/healthz`, their turn.
_TURN = 200

logger = logging.getLogger(__name__)


class Abandoned(Exception):
    """The partitions of a batch went to another worker, or this worker is to stop."""


class Flow:
    """Takes batches of records into the store."""

    def __init__(
        self,
        reader: RecordReader,
        writer: StoreWriter,
        consumer: GroupConsumer,
        letters: DeadLetterProducer,
        settings: StoreSettings,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._consumer = consumer
        self._letters = letters
        self._settings = settings
        self.quarantine = Quarantine(settings.quarantine_limit)
        self.store_metrics = StoreMetrics()
        self.store_metrics.database_up.set(1)  # it was migrated a moment ago
        self.metrics = self.store_metrics.engine
        self.topic_ids: Mapping[str, str] = {}
        #: What the flow waits for, for people; None while it works.
        self.waiting: str | None = None
        self.stopping = False

    async def process(self, records: Sequence[FetchedRecord]) -> None:
        """Store records with their positions; raises Abandoned, and QuarantineOverflow when too many tasks fail."""
        with self.metrics.run_seconds.time():
            batch, burials = await self._gather(records)
            await self._bury(burials)
            positions = dict(batch.positions)
            try:
                await self._write(batch)
            except Exception as error:
                if not is_record_fault(error):
                    raise
                buried = {burial.record for burial in burials}
                await self._isolate([record for record in records if record not in buried])
                await self._write(Batch(positions=positions))
        self._consumer.commit(positions)
        for record in records:
            self.metrics.records.labels(record.partition).inc()

    async def patiently(self, work: Callable[[], T]) -> T:
        """Do blocking work in a thread, again and again while a backend is away; raises Abandoned."""
        epoch, pause, logged_at = self._consumer.epoch, _FIRST_PAUSE_S, float("-inf")
        while True:
            try:
                done = await asyncio.to_thread(work)
            except BackendUnavailable as error:
                self.waiting = str(error)
                if time.monotonic() > logged_at + _LINE_S:
                    logged_at = time.monotonic()
                    logger.warning("All partitions wait: %s", error)
                await asyncio.to_thread(self._consumer.hold, pause, lambda: self.stopping)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            else:
                if self.waiting is not None:
                    self.waiting = None
                    logger.info("Going on: it answers again")
                return done
            if self.stopping or epoch != self._consumer.epoch:
                raise Abandoned

    async def _gather(self, records: Sequence[FetchedRecord]) -> tuple[Batch, list[Burial]]:
        batch, burials = Batch(), list[Burial]()
        for count, record in enumerate(records):
            try:
                try:
                    self._reader.add(batch, record)
                except BackendUnavailable:
                    await self.patiently(lambda record=record: self._reader.add(batch, record))  # type: ignore[misc]
            except Abandoned:
                raise
            except Exception as error:
                if not is_record_fault(error):
                    raise
                burials.append(burial_of(record, failed(error)))
            batch.advance(*record.position)
            if not count % _TURN:
                await asyncio.sleep(0)
        return batch, burials

    async def _write(self, batch: Batch) -> None:
        if not self._settings.payloads:
            batch.payloads.clear()
        self.store_metrics.expired.inc(self._settings.retention.drop_expired(batch, time.time_ns() // 1000))
        self.store_metrics.rows.inc(await self.patiently(lambda: self._try_to_write(batch)))

    def _try_to_write(self, batch: Batch) -> int:
        metrics = self.store_metrics
        try:
            with metrics.write_seconds.time():
                changed = self._writer.write(batch, self.topic_ids)
        except BackendUnavailable:
            metrics.database_up.set(0)
            raise
        metrics.database_up.set(1)
        return changed

    async def _isolate(self, records: Sequence[FetchedRecord]) -> None:
        """Write what can be written, and bury what the database does not take; positions are not moved."""

        async def attempt(part: Sequence[FetchedRecord]) -> None:
            batch, burials = await self._gather(part)
            if burials:  # it was readable a moment ago
                raise burials[0].error
            batch.positions.clear()
            await self._write(batch)

        failures = await process_or_isolate(records, lambda record: record.key, attempt)
        await self._bury([burial_of(record, failed(error)) for record, error in failures])

    async def _bury(self, burials: Sequence[Burial]) -> None:
        if not burials:
            return
        self.quarantine.check(burials)
        # A dead letter that fails again would be buried for ever.
        fresh = [burial for burial in burials if not self._reader.has_letters(burial.record.topic)]
        await self.patiently(lambda: self._letters.bury(fresh))
        self.quarantine.note(burials)
        for record, error in burials:
            self.metrics.poison.labels(record.topic, error.reason).inc()
