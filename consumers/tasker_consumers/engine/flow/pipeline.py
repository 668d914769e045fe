"""The way of a batch: decode, fold, effects, write; the ack comes after, from the caller."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic

from tasker_consumers.engine.flow.folding import Folding
from tasker_consumers.engine.flow.isolation import process_or_isolate
from tasker_consumers.engine.flow.quarantine import Burial, Quarantine, failed, is_record_fault
from tasker_consumers.engine.flow.timers import Timers
from tasker_consumers.engine.flow.writer import BatchResult, BatchWriter
from tasker_consumers.engine.metrics import EngineMetrics
from tasker_consumers.engine.processor import E, Effects, Entries, Index, Processor, Record, S, States
from tasker_schemas.errors import BackendUnavailable

#: How long the event loop may wait for us; heartbeats and other partitions need it in between.
SLICE_SECONDS = 0.015
_CHECK_EVERY = 64
#: Between two attempts at a record that needs a backend which is away; doubled each time up to the second.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 10.0

logger = logging.getLogger(__name__)


class Pipeline(Generic[S, E]):
    """The way of a batch through an application; everything is written and acknowledged before `process` returns."""

    def __init__(
        self,
        processor: Processor[S, E],
        writer: BatchWriter,
        metrics: EngineMetrics,
        quarantine: Quarantine,
    ) -> None:
        self._processor = processor
        self._writer = writer
        self._metrics = metrics
        self.quarantine = quarantine
        #: When states asked to be looked at again, by partition.
        self.timers: defaultdict[int, Timers] = defaultdict(Timers)
        #: Keys of states that failed without a record; they are not asked again while the partition is held.
        self._failed_keys: defaultdict[int, set[bytes]] = defaultdict(set)

    async def process(self, partition: int, batch: Sequence[Record]) -> None:
        """Take a batch through all steps; the caller holds the partition's lock.

        A record that fails, in whatever step, goes to the dead letters, and all others are processed. Raises errors
        that are no record's fault, and `QuarantineOverflow` when too many tasks fail.
        """
        burials: list[Burial] = []

        async def attempt(records: Sequence[Record]) -> None:
            burials.extend(await self._process_whole(partition, records))

        with self._metrics.run_seconds.time():
            failures = await process_or_isolate(batch, lambda record: record.key, attempt)
            burials += (Burial(record, failed(error)) for record, error in failures)
            if burials:
                self.quarantine.check(burials)
                await self._writer.bury(partition, burials)
                self.quarantine.note(burials)
        self._metrics.records.labels(partition).inc(len(batch) - len(burials))
        for record, error in burials:
            self._metrics.poison.labels(record.topic, error.reason).inc()

    async def revisit(self, partition: int, keys: Iterable[bytes], now_us: int) -> float:
        """Ask stored states whether something is due, and take those that say so through the other steps.

        A state that fails is logged, counted, and left alone while this worker holds the partition. Returns the seconds
        that the asking took: effects that are due have to be done, but the asking can be spread.
        """
        duration, left_alone = 0.0, self._failed_keys[partition]

        async def attempt(part: Sequence[bytes]) -> None:
            nonlocal duration
            duration += await self._revisit_whole(partition, part, now_us)

        keys = [key for key in keys if key not in left_alone]
        for key, error in await process_or_isolate(keys, lambda key: key, attempt):
            reason = f"task {key.decode('utf-8', 'backslashreplace')!r} in partition {partition}: {failed(error)}"
            self.quarantine.count(key, reason)
            self._metrics.failed_states.inc()
            left_alone.add(key)
            logger.warning("A stored state fails and is left alone: %s", reason)
        return duration

    async def emit(self, index: Index, states: States) -> None:
        """Publish the records that the index has for a partition; the caller holds its lock."""
        try:
            effects = await index.emit(states)
        except Exception as error:
            if not is_record_fault(error):
                raise
            self._metrics.failed_emits.inc()
            logger.warning("The index of partition %d published nothing: %s", states.partition, failed(error))
            return
        for refusal in await self._writer.emit(states.partition, effects.outputs):
            self._metrics.refused_outputs.labels(refusal.topic).inc(len(refusal.positions))
            logger.warning("Partition %d: %s", states.partition, refusal)
        if effects.entries or effects.index:
            await self._writer.write(states.partition, BatchResult(entries=effects.entries, index=effects.index))
        self._count(effects.entries, effects)
        effects.written()

    def release(self, partition: int) -> None:
        """Forget a partition that another worker gets."""
        self.timers.pop(partition, None)
        self._failed_keys.pop(partition, None)

    async def _process_whole(self, partition: int, records: Sequence[Record]) -> list[Burial]:
        """Process records all or none, and return those that are unreadable, which are still to be buried."""
        folding = Folding(self._processor, self._writer.store.reader(partition), records)
        clock, until = time.perf_counter, time.perf_counter() + SLICE_SECONDS
        while folding.position < len(records):
            error = folding.advance(_CHECK_EVERY)
            if error is not None:
                await self._hold(folding, folding.records[folding.position], error)
            if clock() > until:
                await asyncio.sleep(0)
                until = clock() + SLICE_SECONDS
        await self._finish(partition, folding.touched)
        return folding.burials

    async def _hold(self, folding: Folding, record: Record, error: BackendUnavailable) -> None:
        """Keep the batch until the backend that its record needs is back, such as the registry; then decode it.

        Tries again in a thread, because a backend that hangs must not stop the heartbeats.
        """
        pause = _FIRST_PAUSE_S
        while True:
            logger.warning("Held at %s/%d/%d: %s", record.topic, record.partition, record.offset, error)
            await asyncio.sleep(pause)
            try:
                event = await asyncio.to_thread(self._processor.decode, record)
            except BackendUnavailable as again:
                error, pause = again, min(2 * pause, _LONGEST_PAUSE_S)
            except Exception as unreadable:  # noqa: BLE001  what is no record's fault is raised again
                return folding.bury(unreadable)
            else:
                return folding.fold(event)

    async def _revisit_whole(self, partition: int, keys: Iterable[bytes], now_us: int) -> float:
        begun = time.perf_counter()
        read, load, is_due = self._writer.store.reader(partition), self._processor.load, self._processor.is_due
        states = ((key, load(key, read)) for key in keys)
        due = {key: state for key, state in states if state is not None and is_due(state, now_us)}
        duration = time.perf_counter() - begun
        await self._finish(partition, due)
        return duration

    async def _finish(self, partition: int, touched: dict[bytes, S]) -> None:
        if not touched:
            return
        with self._metrics.react_seconds.time():
            effects = await self._processor.effects_of(partition, touched)
        entries = {**effects.entries, **await self._dump(touched)}
        result = BatchResult(entries=entries, index=effects.index, outputs=effects.outputs)
        await self._writer.write(partition, result)
        self._count(entries, effects)
        effects.written()
        self.timers[partition].set(effects.timers)

    def _count(self, entries: Entries, effects: Effects) -> None:
        self._metrics.entries.inc(len(entries))
        self._metrics.outputs.inc(sum(map(len, effects.outputs.values())))

    async def _dump(self, touched: dict[bytes, S]) -> dict[bytes, bytes | None]:
        dump, clock = self._processor.dump, time.perf_counter
        entries: dict[bytes, bytes | None] = {}
        until = clock() + SLICE_SECONDS
        for key, state in touched.items():
            entries.update(dump(key, state))
            if clock() > until:
                await asyncio.sleep(0)
                until = clock() + SLICE_SECONDS
        return entries
