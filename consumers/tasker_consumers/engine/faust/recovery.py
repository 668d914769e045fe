"""Restoring states from their changelog, a run at a time.

Faust's own recovery chooses offsets and waits for records; the loop that applies the records is replaced. The stock
loop handles single records, goes on after any error, and waits for ever when the changelog's last records are
gone. This loop applies whole runs, crashes on errors, and asks the broker again when nothing comes.

A rebalance ends a restore when it begins (`interrupt`), Faust only with the next assignment. Until then a restore could
wait for the group, which waits for this worker to let its partitions go, which waits for the restore.
"""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from typing import Any, Protocol, cast

from aiokafka.errors import KafkaError, KafkaTimeoutError
from faust.tables.manager import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery, ServiceStopped
from faust.types import TP
from mode import Service

from tasker_consumers.engine.faust.consumer import RunConsumer
from tasker_consumers.engine.faust.partition_producers import PartitionProducers
from tasker_consumers.engine.faust.table import RunTable
from tasker_schemas.errors import BackendUnavailable

#: Without a record for this long (seconds), the changelogs' bounds are looked up again.
IDLE_SECONDS = 3.0
#: Before a restore that Kafka did not answer begins anew.
_RETRY_S = 1.0


class RecoveryHost(Protocol):
    """The part of the application that the recovery depends on."""

    producers: PartitionProducers
    broker_timeout: float


class RunRecovery(Recovery):
    """Faust's recovery with runs as its unit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._interruption = asyncio.Event()
        #: When a step of the restore was done last (monotonic seconds).
        self._answered_at = 0.0

    @property
    def interrupted(self) -> bool:
        """Whether the partitions were taken away since they were assigned last."""
        return self._interruption.is_set()

    def interrupt(self) -> None:
        """End the restore that is under way: its partitions are taken away. The next assignment begins another."""
        self._interruption.set()

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Begin to restore what was assigned."""
        self._interruption.clear()
        self._answered_at = time.monotonic()
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    @Service.task
    async def _slurp_changelogs(self) -> None:
        queue = self.tables.changelog_queue
        while not self.should_stop:
            try:
                event = await asyncio.wait_for(queue.get(), IDLE_SECONDS)
            except TimeoutError:
                if self.in_recovery and self.need_recovery():
                    with suppress(KafkaError):  # the watch of the broker tells it
                        await self._look_up_bounds()
            else:
                self._apply(event)
            self._maybe_end()

    def _apply(self, event: Any) -> None:
        tp, message = event.message.tp, event.message
        # A run from before the seek says nothing about the records read since.
        if (
            self.interrupted
            or tp not in self.active_tps
            or cast("RunConsumer", self.app.consumer).is_stale(event.value)
        ):
            return
        table = cast("RunTable", self.tp_to_table[tp])
        count = table.apply(tp.partition, event.value.records)
        self.active_offsets[tp] = message.offset
        self._last_flush_at = self._last_active_event_processed_at = asyncio.get_running_loop().time()
        table.progress.move(count, max(0, self.active_remaining_total()))

    def _set_recovery_started(self) -> None:
        # Faust clears the signal after every record, and so can miss an end that comes before it waits for it.
        super()._set_recovery_started()
        self.signal_recovery_end.clear()
        for table in self.actives_for_table:
            cast("RunTable", table).progress.begin()

    def _maybe_end(self) -> None:
        if self.in_recovery and not self.need_recovery():
            self._set_recovery_ended()
            self.signal_recovery_end.set()

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """Stop the flow before the sources are sought, so that its resumption throws nothing away.

        Faust empties all queues when it resumes the flow; with the flow already going, they can hold records that came
        after the seek, which would then be lost until the next recovery.
        """
        self.app.consumer.stop_flow()
        self.app.flow_control.suspend()
        await super().on_recovery_completed(generation_id)

    async def _look_up_bounds(self) -> None:
        """Move the goal to where the broker says it is: records that are gone will not come any more."""
        tps, consumer, generation = set(self.active_tps), self.app.consumer, self._generation_id
        first, end = await consumer.earliest_offsets(*tps), await consumer.highwaters(*tps)
        if generation != self._generation_id:
            return
        for tp in tps & self.active_highwaters.keys():
            self.active_highwaters[tp] = min(self.active_highwaters[tp], end[tp] - 1)
            if self.active_offsets[tp] is not None:
                self.active_offsets[tp] = max(self.active_offsets[tp], first[tp] - 1)

    async def _build_highwaters(self, consumer: Any, tps: set[TP], destination: Counter[TP], title: str) -> None:
        """Close the changelogs to whoever had the partitions before, and only then look where they end."""
        if title == "active":
            begins = await cast("RecoveryHost", self.app).producers.open(sorted(tp.partition for tp in tps))
            for tp in list(tps):
                cast("RunTable", self.tp_to_table[tp]).begin_epoch(tp, begins[tp.partition])
                self.active_offsets[tp] = cast("int", self.tp_to_table[tp].persisted_offset(tp))
        await super()._build_highwaters(consumer, tps, destination, title)

    async def _wait(self, coro: Any, timeout: Any = None) -> None:  # noqa: ASYNC109  Faust's signature
        """Wait for a step, but not longer than until the partitions are taken away, or others are assigned.

        Faust takes a step that is not done in time for a stop, and never restores again. Here the restore begins anew.
        """
        begun: Any = self.signal_recovery_start
        ended: Any = self._interruption
        try:
            async with asyncio.timeout(timeout):
                result = await self.wait_first(coro, begun, ended)
        except (TimeoutError, KafkaError) as error:
            if not (isinstance(error, TimeoutError | KafkaTimeoutError) or error.retriable):
                raise
            self._begin_anew(error)
            with suppress(TimeoutError):
                async with asyncio.timeout(_RETRY_S):
                    await ended.wait()
            raise RebalanceAgain from None
        if result.stopped:
            raise ServiceStopped
        if begun.is_set() or ended.is_set():
            raise RebalanceAgain
        self._answered_at = time.monotonic()

    def _begin_anew(self, error: Exception) -> None:
        limit, silent = cast("RecoveryHost", self.app).broker_timeout, time.monotonic() - self._answered_at
        if silent > limit:
            raise BackendUnavailable(f"Kafka did not answer for {silent:.0f} s while states were restored") from error
        if not self.interrupted:
            self.log.warning("Restoring states anew: Kafka has not answered for %.0f s (%r)", silent, error)
            self.signal_recovery_start.set()

    async def _build_offsets(self, consumer: Any, tps: set[TP], destination: Counter[TP], title: str) -> None:
        await super()._build_offsets(consumer, tps, destination, title)
        for tp in tps:
            if destination[tp] > max(self.active_highwaters[tp], -1):
                # The store is ahead of the changelog: the topic was made anew, so the store is of another life.
                self.log.warning("State of %s is from another changelog: forgetting it", tp)
                cast("RunTable", self.tp_to_table[tp]).store.clear(tp.partition)
                destination[tp] = -1
                await super()._build_offsets(consumer, {tp}, destination, title)

    def flush_buffers(self) -> None:
        """Nothing is buffered: a run is applied when it arrives."""


class RunTableManager(TableManager):
    """Faust's table manager with the recovery above."""

    @property
    def recovery(self) -> Recovery:
        """The recovery service, made at its first use."""
        if self._recovery is None:
            self._recovery = RunRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
