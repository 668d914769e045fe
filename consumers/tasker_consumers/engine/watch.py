"""Watches of a running worker: the answers of the broker, the partitions of the topics, and garbage."""

import asyncio
import gc
import logging
import time
from collections import Counter
from collections.abc import Collection, Mapping
from typing import cast

from confluent_kafka import KafkaException

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.faust.consumer import RunConsumer
from tasker_consumers.engine.flow.stall import Position, StallWatch
from tasker_consumers.engine.preflight import PARTITIONS_ADVICE, Topology
from tasker_consumers.kafka.access import QuietAdmin
from tasker_consumers.kafka.broker_silence import BrokerSilence
from tasker_consumers.kafka.groups import describe_group, end_offsets, unassigned
from tasker_consumers.kafka.topic_identity import topic_ids
from tasker_schemas.errors import ConfigurationError

TICK_S = 1.0
#: Between two looks at the topics, and at the progress in their partitions.
_TOPICS_S = 3.0
_PROGRESS_S = 10.0
_ANSWER_LIMIT_S = 5.0
_REMADE_ADVICE = (
    "Records that were in there are gone: stop the group, and have `tasker topics reset` rebuild its states from the "
    "events (docs/operations.md#states)"
)
#: Records and states live for a batch and form no cycles, yet their number sets off the collector all the time: with
#: Python's own thresholds it took a quarter of a worker's time, with a million still a sixth. So it works when nothing
#: is in work or there is little to look through; growth beyond five million objects is worth a look at any time.
GC_THRESHOLDS = (5_000_000, 10, 10)
_GC_S, _FEW_OBJECTS = 10.0, 200_000

logger = logging.getLogger(__name__)


async def watch_broker(app: EngineApp, limit: float) -> None:
    """Raise BackendUnavailable when no broker has answered for `limit` seconds; log the wait meanwhile.

    Raises ConfigurationError when another worker has this worker's place in the group.
    """
    silence, begun = BrokerSilence(limit), time.monotonic()
    while True:
        await asyncio.sleep(TICK_S)
        app.quarantine.log_pending()
        if app.started and isinstance(app.consumer, RunConsumer):
            if replaced := replaced_by_another(app):
                raise replaced
            # A worker that still logs in was never heard of: the silence is no longer than its life.
            age = min(app.consumer.heartbeat_age, time.monotonic() - begun)
            silence.observe(age, answers_others=time.monotonic() - app.broker_answered_at < age / 2)


async def watch_progress(app: EngineApp, kafka: Mapping[str, str], limit: float) -> None:
    """Keep `app.stalled` up to date: whether a partition grows while nobody works at it, for `limit` seconds."""
    admin, watch = QuietAdmin(kafka), StallWatch(limit)
    while True:
        await asyncio.sleep(min(_PROGRESS_S, limit / 4))
        if not (app.settled and app.heard and isinstance(app.consumer, RunConsumer)):
            watch.observe({})
            app.stalled = None
            continue
        committed = app.consumer.committed_offsets()
        try:
            ends = await asyncio.to_thread(end_offsets, admin, [(tp.topic, tp.partition) for tp in committed])
        except KafkaException:
            continue  # the watch of the broker tells it
        is_full = app.batcher.is_full
        stalled = watch.observe(
            {
                (tp.topic, tp.partition): Position(
                    offset, ends[tp.topic, tp.partition], is_full or app.executor.is_busy(tp.partition)
                )
                for tp, offset in committed.items()
            }
        )
        if stalled and not app.stalled:
            logger.error("%s: this worker should be started again", stalled)
        app.stalled = stalled


def replaced_by_another(app: EngineApp) -> ConfigurationError | None:
    """Return the error of a worker whose place in the group another worker has taken; None when it has its place."""
    if not (isinstance(app.consumer, RunConsumer) and app.consumer.fenced):
        return None
    return ConfigurationError(
        f"another worker has joined group {app.conf.id} as {app.conf.consumer_group_instance_id!r} and taken the place "
        "of this worker: each worker needs a TASKER_GROUP_INSTANCE_ID of its own"
    )


async def watch_topics(app: EngineApp, kafka: Mapping[str, str], topology: Topology, limit: float) -> None:
    """Raise ConfigurationError when a topic or its partitions are not those that this worker started with.

    A topic counts as deleted when brokers have not named it for `limit` seconds: those that have just started know few.
    """
    admin, absent = QuietAdmin(kafka), Counter[str]()
    while True:
        await asyncio.sleep(_TOPICS_S)
        try:
            cluster = await asyncio.to_thread(admin.list_topics, timeout=_ANSWER_LIMIT_S)
            app.broker_answered_at = time.monotonic()
            ids = await asyncio.to_thread(topic_ids, admin, topology.ids)
        except KafkaException:
            continue  # the watch of the broker tells it
        counts = {name: len(topic.partitions) for name, topic in cluster.topics.items() if topic.error is None}
        absent = Counter({name: absent[name] + 1 for name in topology.counts if name not in counts})
        gone = [name for name, answers in absent.items() if answers * _TOPICS_S > limit]
        if change := topology_change(topology, counts) or remade_topics(topology, ids) or deleted_topics(gone):
            raise ConfigurationError(change)


async def watch_distribution(app: EngineApp, kafka: Mapping[str, str]) -> None:
    """Have the group distribute its partitions again when none of its members has some of them."""
    admin, unowned = QuietAdmin(kafka), list[tuple[str, int]]()
    while True:
        await asyncio.sleep(_TOPICS_S)
        if not app.settled or app.knows_all_owners():
            unowned = []
            continue
        try:
            group = await asyncio.to_thread(describe_group, admin, app.conf.id)
        except KafkaException:
            continue  # the watch of the broker tells it
        before, unowned = unowned, unassigned(group, app.partition_counts)
        if unowned and unowned == before:
            listed = ", ".join(f"{topic}/{number}" for topic, number in unowned)
            logger.warning("No worker has %s: asking the group for a new assignment", listed)
            cast("RunConsumer", app.consumer).rejoin()


def topology_change(topology: Topology, counts: Mapping[str, int]) -> str | None:
    """Return how the partitions of topics differ from those at the start; None when they do not.

    A topic that is missing in `counts` is no change: brokers that have just started know few topics.
    """
    changed = {name: counts[name] for name, count in topology.counts.items() if counts.get(name, count) != count}
    if not changed:
        return None
    listed = ", ".join(f"{name} has {count} partitions, not {topology.counts[name]}" for name, count in changed.items())
    return f"partitions were changed under this worker: {listed}. {PARTITIONS_ADVICE}"


def deleted_topics(names: Collection[str]) -> str | None:
    """Return that these topics were deleted under the worker; None when there is none of them."""
    if not names:
        return None
    return f"deleted under this worker, or hidden from it: {', '.join(names)}. `tasker topics create` makes topics anew"


def remade_topics(topology: Topology, ids: Mapping[str, str]) -> str | None:
    """Return which topics were made again since the start; None when none was. A topic missing in `ids` is unknown."""
    remade = [name for name, topic_id in topology.ids.items() if ids.get(name, topic_id) != topic_id]
    return f"deleted and made again under this worker: {', '.join(remade)}. {_REMADE_ADVICE}" if remade else None


async def collect_garbage(app: EngineApp) -> None:
    """Collect garbage from time to time while there is little to look through."""
    while True:
        await asyncio.sleep(_GC_S)
        if not app.executor.busy or gc.get_count()[0] < _FEW_OBJECTS:
            gc.collect(1)
