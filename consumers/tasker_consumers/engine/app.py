"""The Faust application of a worker: its view of the group, and how it lets its partitions go."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from math import inf
from types import MappingProxyType
from typing import Any, cast

import faust
from aiokafka import AIOKafkaProducer

from tasker_consumers.engine.faust.consumer import RunConsumer
from tasker_consumers.engine.faust.partition_producers import PartitionProducers
from tasker_consumers.engine.faust.table import RunTable
from tasker_consumers.engine.flow.batching import Batcher
from tasker_consumers.engine.flow.partition_executor import PartitionExecutor
from tasker_consumers.engine.flow.partition_tasks import PartitionTasks
from tasker_consumers.engine.flow.quarantine import Quarantine
from tasker_consumers.engine.metrics import EngineMetrics
from tasker_consumers.engine.state.scans import Scans
from tasker_consumers.engine.state.store import StateDamaged

#: Not the module's name: under that Faust logs each step of its start and its end.
logger = logging.getLogger("tasker_consumers.engine")

#: Seconds after which a request to write is given up and sent again on another connection, unless a session is longer.
_REQUEST_S = 10.0


class EngineApp(faust.App):
    """A Faust application that works in runs; `build.build_app` makes it."""

    batch_size: int
    drain_timeout: float
    broker_timeout: float
    executor: PartitionExecutor
    producers: PartitionProducers
    batcher: Batcher
    table: RunTable
    scans: Scans
    metrics: EngineMetrics
    partition_tasks: PartitionTasks
    quarantine: Quarantine
    #: Partitions by topic of the sources and the changelog, as they were at the start.
    partition_counts: Mapping[str, int] = MappingProxyType({})
    #: Why this worker is about to end, for people.
    trouble: str | None = None
    #: Which partition nobody works at although records arrive, for people.
    stalled: str | None = None
    #: When a broker last answered a watch of this worker (monotonic seconds).
    broker_answered_at: float = -inf
    #: Whether the group has told this worker who has which partition, and has not begun to tell anew.
    placed: bool = False

    async def settle(self) -> None:
        """Stop the flow, finish or abandon the runs in work, and commit the finished runs."""
        self.metrics.pauses.begin("rebalance")
        self.placed = False
        self._recovery.interrupt()
        self.scans.close()
        self.consumer.stop_flow()
        self.flow_control.suspend()
        self.flow_control.clear()
        self.executor.stop_accepting()
        self.batcher.stop_gathering()
        # A write that does not end is given up: the next owner refuses late records, and takes the run again.
        # So is, at once, a write that waits for the group to hear of this worker: it has begun to do without.
        patience = self.drain_timeout if self.heard else 0.0
        giving_up = asyncio.get_running_loop().call_later(patience, self.producers.abandon)
        await self.executor.close(patience)
        await self.partition_tasks.close()
        giving_up.cancel()
        await self.producers.close()
        self.batcher.clear()
        with suppress(TimeoutError):  # the broker is away: who gets the partitions reads those runs again
            async with asyncio.timeout(self.drain_timeout):
                await self.consumer.commit()

    def on_rebalance_end(self) -> None:
        """Note that partitions and states are here, and that records flow again."""
        if self._recovery.interrupted:  # the last step of a restore whose partitions were just taken away
            return
        super().on_rebalance_end()
        self.metrics.pauses.end()

    def note_expired(self, tp: Any, count: int) -> None:
        """Tell, and count, that retention removed records of a partition which the group has not read."""
        self.metrics.expired.labels(tp.topic, tp.partition).inc(count)
        logger.warning("%s/%d: %d records expired before they were read", tp.topic, tp.partition, count)

    def kafka_producer(self) -> Any:
        """Return aiokafka's producer, which Faust makes when it starts."""
        return cast("Any", self.producer)._ensure_producer()  # noqa: SLF001  Faust shows it nowhere else

    def new_producer(self) -> Any:
        """Return an aiokafka producer that numbers its records, not started."""
        producer = cast("Any", self.producer)
        settings = {**producer._settings_default(), **producer._settings_auth()}  # noqa: SLF001
        # A request that is cut is sent again: the numbers of its records keep them from being stored twice.
        settings["request_timeout_ms"] = int(1000 * max(_REQUEST_S, self.conf.broker_session_timeout))
        return AIOKafkaProducer(**settings, enable_idempotence=True)

    async def sleep_unless_closing(self, seconds: float) -> bool:
        """Wait, but not longer than until the partitions are taken away, and return whether they are."""
        return await self.executor.sleep_unless_closing(seconds)

    async def on_stop(self) -> None:
        """Close the producers of the partitions."""
        await super().on_stop()
        self.producers.abandon()
        await self.producers.close()

    def restore(self, partition: int) -> None:
        """Have the states of a partition that is held restored: the group distributes its partitions again."""
        logger.info("Asking the group for a new assignment, which restores partition %d", partition)
        self.placed = False
        cast("RunConsumer", self.consumer).rejoin()

    async def on_job_failed(self, error: BaseException) -> None:
        """End the worker; but damaged states are being restored, and the executor opens again with the assignment."""
        if not isinstance(error, StateDamaged):
            await self.crash(error)

    async def may_write(self) -> None:
        """Wait until the group has heard of this worker within a session.

        A worker that was stopped for longer may have lost its partitions without knowing: it must not write into those
        taken over by another worker. The next heartbeat tells; if the partitions are gone, the wait is cancelled.
        """
        while not self.heard:  # noqa: ASYNC110  it is another thread's
            await asyncio.sleep(0.05)

    @property
    def _recovery(self) -> Any:
        return cast("Any", self.tables).recovery

    @property
    def settled(self) -> bool:
        """Whether this worker has its place in the group and its states restored."""
        recovered = self._recovery.completed.is_set()
        return self.started and recovered and not self.crashed and not self.rebalancing

    def waiting(self) -> str | None:
        """Return, for people, the step before this worker can work; None when it can."""
        if self.trouble:
            return self.trouble
        if self.settled:
            age = self.heartbeat_age
            return self.stalled if self.heard else f"no answer from Kafka for {age:.0f} s"
        return self.table.progress.text if self.placed and not self.crashed else "waiting for partitions"

    @property
    def heard(self) -> bool:
        """Whether the group has heard of this worker within a session: else others may have its partitions."""
        return self.heartbeat_age <= self.conf.broker_session_timeout

    @property
    def heartbeat_age(self) -> float:
        """Seconds since the group last heard of this worker."""
        return self.consumer.heartbeat_age if isinstance(self.consumer, RunConsumer) else inf

    def owners(self) -> dict[int, str]:
        """Return by partition the web address of the worker that has it, as the group last told; empty meanwhile."""
        if not self.placed:
            return {}
        changelog = self.table.changelog_topic_name
        partitions_by_url = cast("Any", self.assignor).tables_metadata()
        return {partition: url for url, topics in partitions_by_url.items() for partition in topics.get(changelog, ())}

    def knows_all_owners(self) -> bool:
        """Whether the group has told a worker for each partition; two workers at the same address hide each other's."""
        assignor = cast("Any", self.assignor)
        owners = [*assignor.tables_metadata().values(), *assignor.external_topics_metadata().values()]
        owned = {(topic, number) for topics in owners for topic, numbers in topics.items() for number in numbers}
        return all((topic, n) in owned for topic, count in self.partition_counts.items() for n in range(count))

    def held_partitions(self) -> set[int]:
        """Return the partitions that this worker works at, their states restored."""
        if not self.settled:
            return set()
        changelog = self.table.changelog_topic_name
        return {tp.partition for tp in self.consumer.assignment() if tp.topic == changelog}
