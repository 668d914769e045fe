"""The background tasks of an application: take batches to their partitions, and look after partitions and files."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.faust.consumer import RunConsumer, RunSchema
from tasker_consumers.engine.faust.record_batches import total_size
from tasker_consumers.engine.flow.batching import FetchedRecords
from tasker_consumers.engine.flow.partition_tasks import PartitionTasks, PartitionWork
from tasker_consumers.engine.flow.pipeline import Pipeline
from tasker_consumers.engine.processor import E, Index, Processor, S

#: How long the files of a partition that went to another worker are kept: it may come back, warm.
RELEASED_FILES_KEPT_S = 600.0
_CLEAN_S = 60.0
#: Between two looks at the epochs that could be forgotten.
_RENEW_S = 3600.0

logger = logging.getLogger("tasker_consumers.engine")


def add_tasks(app: EngineApp, processor: Processor[S, E], pipeline: Pipeline[S, E], sweep_interval: float) -> None:
    """Have the application read the processor's sources, and do all that runs beside them."""
    source = app.topic(*processor.sources, schema=RunSchema())
    app.agent(source, name=f"{processor.group}.runs")(_delivering(app))
    app.partition_tasks = PartitionTasks(
        executor=app.executor,
        work=_partition_work(app, pipeline, processor.index, sweep_interval),
        crash=app.on_job_failed,
        release=pipeline.release,
    )
    app.task(_following(app))
    app.task(_renewing(app))
    app.task(_cleaning(app))
    app.on_partitions_assigned.connect(cast("Any", _reopen))


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
    app.metrics.pauses.begin("restore")
    app.executor.open()
