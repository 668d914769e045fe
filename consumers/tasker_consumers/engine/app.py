"""The Faust application around a processor: wiring, and the loop that takes batches to their partitions."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, cast

import faust
from aiokafka import AIOKafkaProducer

from tasker_consumers.engine.faust.connection import connection
from tasker_consumers.engine.faust.consumer import RunConsumer, RunSchema
from tasker_consumers.engine.faust.partition_producers import PartitionProducers
from tasker_consumers.engine.faust.record_batches import total_size
from tasker_consumers.engine.faust.recovery import RunTableManager
from tasker_consumers.engine.faust.table import RunTable
from tasker_consumers.engine.flow.batch_producer import BATCH_BYTES
from tasker_consumers.engine.flow.batching import Batcher, FetchedRecords
from tasker_consumers.engine.flow.partition_executor import PartitionExecutor
from tasker_consumers.engine.flow.partition_tasks import PartitionTasks, PartitionWork
from tasker_consumers.engine.flow.pipeline import Pipeline
from tasker_consumers.engine.flow.quarantine import Quarantine
from tasker_consumers.engine.flow.writer import BatchWriter
from tasker_consumers.engine.metrics import EngineMetrics
from tasker_consumers.engine.preflight import CHANGELOG_CONFIG, STORE_MAX_AGE_S, Topology, changelog_topic
from tasker_consumers.engine.processor import E, Index, Processor, S
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.state.index import Indexing
from tasker_consumers.engine.state.restoring import Progress
from tasker_consumers.engine.state.rocks_store import open_store
from tasker_consumers.engine.state.scans import Scans
from tasker_consumers.engine.state.store import StateDamaged

#: Not the module's name: under that Faust logs each step of its start and its end.
logger = logging.getLogger("tasker_consumers.engine")

_A_DAY = 24 * 3600.0
#: Runs in Faust's own queue. Those that wait do so in the batcher, where they are gathered by partition.
_QUEUED_RUNS = 2
#: How long the files of a partition that went to another worker are kept: it may come back, warm.
RELEASED_FILES_KEPT_S = 600.0
_CLEAN_S = 60.0
#: Between two looks at the epochs that could be forgotten.
_RENEW_S = 3600.0
#: Seconds after which a request to write is given up and sent again on another connection, unless a session is longer.
_REQUEST_S = 10.0


class EngineApp(faust.App):
    """A Faust application that works in runs; `build_app` makes it."""

    batch_size: int
    drain_timeout: float
    executor: PartitionExecutor
    producers: PartitionProducers
    batcher: Batcher
    table: RunTable
    scans: Scans
    metrics: EngineMetrics
    partition_tasks: PartitionTasks
    quarantine: Quarantine
    #: Why this worker is about to end, for people.
    trouble: str | None = None
    #: Whether the group has told this worker who has which partition, and has not begun to tell anew.
    placed: bool = False

    async def settle(self) -> None:
        """Stop the flow, finish or abandon the runs in work, and commit what is finished."""
        self.placed = False
        self.scans.close()
        self.consumer.stop_flow()
        self.flow_control.suspend()
        self.flow_control.clear()
        self.executor.stop_accepting()
        self.batcher.stop_gathering()
        # A write that does not end is given up: the next owner refuses what still arrives, and takes the run again.
        giving_up = asyncio.get_running_loop().call_later(self.drain_timeout, self.producers.abandon)
        await self.executor.close(self.drain_timeout)
        await self.partition_tasks.close()
        giving_up.cancel()
        await self.producers.close()
        self.batcher.clear()
        await self.consumer.commit()

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

    async def sleep_unless_closing(self, seconds: float) -> None:
        """Wait, but not longer than until the partitions are taken away."""
        await self.executor.sleep_unless_closing(seconds)

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

        A worker that was stopped for longer may have lost its partitions without knowing: it must not write into what
        another one has taken over. The next heartbeat tells; if the partitions are gone, the wait is cancelled.
        """
        while not self.heard:  # noqa: ASYNC110  it is another thread's
            await asyncio.sleep(0.05)

    @property
    def settled(self) -> bool:
        """Whether this worker has its place in the group and its states restored."""
        recovered = cast("RunTableManager", self.tables).recovery.completed.is_set()
        return self.started and recovered and not self.crashed and not self.rebalancing

    def waiting(self) -> str | None:
        """Return what this worker does before it can work, for people; None when it can."""
        if self.trouble:
            return self.trouble
        if self.settled:
            age = self.heartbeat_age
            return None if self.heard else f"no answer from Kafka for {age:.0f} s"
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
        told = cast("Any", self.assignor).tables_metadata()
        return {partition: url for url, topics in told.items() for partition in topics.get(changelog, ())}

    def held_partitions(self) -> set[int]:
        """Return the partitions that this worker works at, their states restored."""
        if not self.settled:
            return set()
        changelog = self.table.changelog_topic_name
        return {tp.partition for tp in self.consumer.assignment() if tp.topic == changelog}


def build_app(processor: Processor[S, E], settings: EngineSettings, topology: Topology, state_dir: Path) -> EngineApp:
    """Return the application that runs `processor`, not yet started.

    `topology` comes from `prepare_topics`, `state_dir` is this worker's own (`claim_state_dir`).
    """
    app = EngineApp(processor.group, **_faust_settings(settings, state_dir))
    app.batch_size, app.drain_timeout = settings.batch_size, settings.drain_timeout
    app.metrics = EngineMetrics(processor.registry)
    app.executor = PartitionExecutor(app.on_job_failed)
    store = open_store(
        settings.store,
        state_dir / "states",
        changelog=topology.changelog_id,
        max_age_s=STORE_MAX_AGE_S,
        on_damage=app.restore,
    )
    app.table = RunTable(
        app,
        store=store,
        indexing=Indexing(processor.index, store),
        progress=Progress(app.metrics),
        name="states",
        partitions=topology.partitions,
        schema=RunSchema(),
        extra_topic_configs=CHANGELOG_CONFIG,
    )
    app.tables.add(app.table)
    changelog = changelog_topic(processor.group)
    app.producers = PartitionProducers(app, processor.group, changelog, processor.outputs, settings.broker_timeout)
    app.scans = Scans(app.table.store)
    writer = BatchWriter(
        store=app.table.store,
        producer=app.producers,
        changelog=changelog,
        dead_letters=topology.dead_letters,
        may_write=app.may_write,
    )
    app.quarantine = Quarantine(settings.quarantine_limit)
    pipeline = Pipeline(processor, writer, app.metrics, app.quarantine)
    app.batcher = Batcher(app.executor, pipeline.process, settings.batch_size, processor.gather_seconds)
    source = app.topic(*processor.sources, schema=RunSchema())
    app.agent(source, name=f"{processor.group}.runs")(_delivering(app))
    app.partition_tasks = PartitionTasks(
        executor=app.executor,
        work=_partition_work(app, pipeline, processor.index, settings.sweep_interval),
        crash=app.on_job_failed,
        release=pipeline.release,
    )
    app.task(_following(app))
    app.task(_renewing(app))
    app.task(_cleaning(app))
    app.on_partitions_assigned.connect(cast("Any", _reopen))
    return app


def _delivering(app: EngineApp) -> Callable[[Any], Any]:
    async def deliver(stream: Any) -> None:
        consumer = cast("RunConsumer", app.consumer)
        # Without noack Faust would ack a run whose work raised.
        async for event in stream.noack().events():
            run = event.value
            # A run from before a seek is delivered again, to whoever has the partition now.
            stale = partial(consumer.is_stale, run)
            delivery = FetchedRecords(run.records, partial(stream.ack, event), stale, run.more, total_size(run.records))
            await app.batcher.put(event.message.partition, delivery)

    return deliver


def _partition_work(app: EngineApp, pipeline: Pipeline[S, E], index: Index | None, interval: float) -> PartitionWork:
    async def emit(partition: int) -> None:
        states = app.table.indexing.held(partition)
        if index is not None and states is not None:
            await pipeline.emit(index, states)

    return PartitionWork(
        timers=pipeline.timers.__getitem__,
        heads=app.table.store.heads,
        revisit=pipeline.revisit,
        sweep_interval=interval,
        emit=None if index is None else emit,
        emit_seconds=1.0 if index is None else index.emit_seconds,
    )


def _following(app: EngineApp) -> Callable[[], Any]:
    async def follow() -> None:
        await app.partition_tasks.follow(app.held_partitions)

    return follow


def _renewing(app: EngineApp) -> Callable[[], Any]:
    async def renew() -> None:
        while True:
            await asyncio.sleep(_RENEW_S)
            for partition in app.held_partitions():
                await app.executor.run(partition, partial(app.producers.renew, partition))

    return renew


def _cleaning(app: EngineApp) -> Callable[[], Any]:
    async def clean() -> None:
        while True:
            await asyncio.sleep(_CLEAN_S)
            if app.settled:
                removed = app.table.store.remove_released(RELEASED_FILES_KEPT_S)
                if removed:
                    logger.info("Removed the states of partitions that went elsewhere: %s", removed)

    return clean


async def _reopen(app: Any, assigned: Any, **_: Any) -> None:
    app.metrics.rebalances.inc()
    held = {tp.partition for tp in assigned}
    logger.info("Assigned %s", f"partitions {', '.join(map(str, sorted(held)))}" if held else "no partition")
    app.placed = True
    app.executor.open()


def _faust_settings(settings: EngineSettings, state_dir: Path) -> dict[str, Any]:
    link = connection(settings.kafka)
    return {
        "broker": link.brokers,
        "broker_credentials": link.credentials,
        **({"broker_client_id": link.client_id} if link.client_id else {}),
        "producer_compression_type": link.compression,
        "datadir": state_dir,
        "web_enabled": False,
        "topic_disable_leader": True,
        "topic_allow_declare": False,  # the preflight has made the changelog; not every worker may make topics
        "table_standby_replicas": 0,
        "TableManager": RunTableManager,
        # Commits past a run wait for all its writes, so at least once is exact with an idempotent fold.
        "processing_guarantee": "at_least_once",
        "consumer_auto_offset_reset": "earliest",
        "broker_commit_interval": settings.commit_interval,
        "broker_session_timeout": settings.session_timeout,
        "broker_heartbeat_interval": settings.heartbeat_interval,
        "broker_request_timeout": max(settings.session_timeout, 40.0),
        # A backend may be slow for as long as it likes: heartbeats show that this worker lives.
        "broker_max_poll_interval": _A_DAY,
        "broker_rebalance_timeout": settings.drain_timeout + 30.0,
        "broker_commit_livelock_soft_timeout": _A_DAY,
        "stream_processing_timeout": _A_DAY,
        "stream_buffer_maxsize": _QUEUED_RUNS,
        "stream_wait_empty": False,  # `settle` does it, with a limit
        "producer_max_batch_size": BATCH_BYTES,
        "producer_request_timeout": settings.broker_timeout,
    }
