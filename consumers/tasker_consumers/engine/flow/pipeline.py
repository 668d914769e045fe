"""What happens to a run of records: decode, fold, react, write; the ack comes after, from whoever delivered it."""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from typing import Generic

from tasker_consumers.engine.flow.timers import Timers
from tasker_consumers.engine.flow.writer import BatchResult, BatchWriter
from tasker_consumers.engine.metrics import EngineMetrics
from tasker_consumers.engine.processor import E, Effects, Entries, Index, Processor, Record, S, States
from tasker_consumers.engine.unreadable_batch import UnreadableBatch
from tasker_schemas.errors import BackendUnavailable, PoisonReason, PoisonRecord

#: How long the event loop may wait for us; heartbeats and other partitions need it in between.
SLICE_SECONDS = 0.015
_CHECK_EVERY = 64
#: Between two looks at a record that needs a backend which is away; doubled each time up to the second.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 10.0

logger = logging.getLogger(__name__)

Poisoned = tuple[Record, PoisonRecord]

_NOTHING = Effects()


class Pipeline(Generic[S, E]):
    """The way of a run through an application; everything is written and acknowledged before `process` returns."""

    def __init__(self, processor: Processor[S, E], writer: BatchWriter, metrics: EngineMetrics) -> None:
        self._processor = processor
        self._writer = writer
        self._metrics = metrics
        #: States that asked to be looked at again.
        self.timers = Timers()

    async def process(self, partition: int, run: Sequence[Record]) -> None:
        """Take one run through all steps; the caller holds the partition's lane."""
        with self._metrics.run_seconds.time():
            touched, poisoned = await self._fold(partition, run)
            await self._settle(partition, touched, poisoned)
        self._metrics.records.labels(partition).inc(len(run) - len(poisoned))
        for record, error in poisoned:
            self._metrics.poison.labels(record.topic, error.reason).inc()

    async def revisit(self, partition: int, keys: Iterable[bytes], now: int) -> float:
        """Ask stored states whether something is due, and take those that say so through the other steps.

        Returns the seconds that the asking took: what is due has to be done, but the asking can be spread.
        """
        begun = time.perf_counter()
        read, load, is_due = self._writer.store.reader(partition), self._processor.load, self._processor.is_due
        states = ((key, load(key, read)) for key in keys)
        due = {key: state for key, state in states if state is not None and is_due(state, now)}
        asked = time.perf_counter() - begun
        await self._settle(partition, due, [])
        return asked

    async def emit(self, index: Index, states: States) -> None:
        """Tell what the index has to tell of a partition; the caller holds its lane."""
        effects = await index.emit(states)
        await self._writer.emit(states.partition, effects.outputs)
        if effects.entries or effects.index:
            await self._writer.write(states.partition, BatchResult(entries=effects.entries, index=effects.index))
        self._count(effects.entries, effects)
        effects.written()

    async def _fold(self, partition: int, run: Sequence[Record]) -> tuple[dict[bytes, S], list[Poisoned]]:
        # The hot loop: everything it needs is local, and it awaits only when its slice of time is used up.
        decode, fold, load = self._processor.decode, self._processor.fold, self._processor.load
        read, clock = self._writer.store.reader(partition), time.perf_counter
        touched: dict[bytes, S] = {}
        poisoned: list[Poisoned] = []
        known, until = touched.get, clock() + SLICE_SECONDS
        for count, record in enumerate(run):
            key = record.key
            try:
                if key is None:
                    raise _no_key(record)
                try:
                    event = decode(record)
                except BackendUnavailable as error:
                    event = await self._hold(record, error)
            except PoisonRecord as error:
                poisoned.append((record, error))
                continue
            state = known(key)
            if state is None:
                state = load(key, read)
            touched[key] = fold(state, event)
            if not count % _CHECK_EVERY and clock() > until:
                await asyncio.sleep(0)
                until = clock() + SLICE_SECONDS
        return touched, poisoned

    async def _hold(self, record: Record, error: BackendUnavailable) -> E:
        """Keep the run until what its record needs is back, such as the registry that knows its schema; then decode it.

        Looks again in a thread, because a backend that hangs must not stop the heartbeats. Raises PoisonRecord.
        """
        pause = _FIRST_PAUSE_S
        while True:
            logger.warning("Held at %s/%d/%d: %s", record.topic, record.partition, record.offset, error)
            await asyncio.sleep(pause)
            try:
                return await asyncio.to_thread(self._processor.decode, record)
            except BackendUnavailable as again:
                error, pause = again, min(2 * pause, _LONGEST_PAUSE_S)

    async def _settle(self, partition: int, touched: dict[bytes, S], poisoned: list[Poisoned]) -> None:
        if not touched and not poisoned:
            return
        with self._metrics.react_seconds.time():
            effects = await self._processor.effects_of(partition, touched) if touched else _NOTHING
        entries = {**effects.entries, **await self._dump(touched)}
        result = BatchResult(entries=entries, index=effects.index, outputs=effects.outputs, poisoned=poisoned)
        await self._writer.write(partition, result)
        self._count(entries, effects)
        effects.written()
        self.timers.set(partition, effects.timers)

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


def _no_key(record: Record) -> PoisonRecord:
    if isinstance(record, UnreadableBatch):
        return record.error
    return PoisonRecord(PoisonReason.NULL_KEY, "a record without a key has no state")
