"""The statistics' worker without Kafka, which crashes: real processor, pipeline, writer and store; topics are lists.

A crash comes in the middle of what is sent; then the store is as it was or lost, and records are delivered again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tasker_consumers.engine.flow.batch_producer import ProducerRecord
from tasker_consumers.engine.flow.pipeline import Pipeline
from tasker_consumers.engine.flow.quarantine import Quarantine
from tasker_consumers.engine.flow.writer import BatchWriter, DeadLetterTopic
from tasker_consumers.engine.metrics import EngineMetrics
from tasker_consumers.engine.state.index import Indexing
from tasker_consumers.engine.state.memory_store import MemoryStore
from tasker_consumers.stats.clocks import StateClock, WallTime
from tasker_consumers.stats.core.windows import merge, window_key_of
from tasker_consumers.stats.lifetime import Lifetime
from tasker_consumers.stats.processor import StatsProcessor
from tasker_consumers.stats.stored_windows import StoredWindow
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.errors import BackendUnavailable
from tasker_schemas.names import Family
from tests.support.engine.values import StoredRecord
from tests.support.stats.histories import SECOND, T0
from tests.support.stats.window_oracle import without_revisions

CHANGELOG = "changelog"
_HOUR = 3600 * SECOND


class Crash(BackendUnavailable):
    """The process is dead."""


@dataclass
class Log:
    """Topics that take no more records when the worker's last moment has come."""

    topics: defaultdict[str, list[ProducerRecord]] = field(default_factory=lambda: defaultdict(list))
    left: int | None = None

    async def send(self, topic: str, partition: int, records: Iterable[ProducerRecord]) -> int | None:
        """See `BatchProducer`."""
        assert partition == 0
        for record in records:
            if self.left == 0:
                raise Crash
            self.left = None if self.left is None else self.left - 1
            self.topics[topic].append(record)
        return len(self.topics[topic]) - 1 if self.topics[topic] else None


class WindowWorker:
    """One worker of one partition."""

    def __init__(
        self, lifetime: Lifetime | None = None, now: int = T0, metric_names: int = 100, window_names: int = 1000
    ) -> None:
        self.now, self.lifetime = now, lifetime or Lifetime()
        self.limits = {"metric_names": metric_names, "window_names": window_names}
        self.wall_ahead = 0  # how far the host's clock is ahead of the broker's, microseconds
        self.log, self.store = Log(), MemoryStore()
        self.start()

    def start(self, *, lost: bool = False) -> None:
        """Begin a life: with the store of the one before, or with what the changelog makes of none."""
        self.log.left = None
        self.store = MemoryStore() if lost else self.store
        self.processor = StatsProcessor(
            "tasker",
            Decoder(),
            self.lifetime,
            StateClock(lambda: WallTime(self.now + self.wall_ahead), lambda: self.now),
            **self.limits,
        )
        self.indexing = Indexing(self.processor.index, self.store)
        known = self.store.offset(0)
        told = self.log.topics[CHANGELOG][0 if known is None else known + 1 :]
        if told:
            items = {record.key or b"": record.value for record in told}
            self.store.write(0, {**items, **self.indexing.follow(0, items)}, len(self.log.topics[CHANGELOG]) - 1)
        asyncio.run(self.indexing.take([0]))
        writer = BatchWriter(
            store=self.store,
            producer=self.log,
            changelog=CHANGELOG,
            dead_letters=DeadLetterTopic(name="dlq", partitions=1, max_bytes=1 << 20),
            may_write=lambda: asyncio.sleep(0),
        )
        self.pipeline = Pipeline(self.processor, writer, EngineMetrics(), Quarantine(100))

    def take(self, events: Iterable[dict[str, Any]], record_time: int | None = None) -> None:
        """Process a batch that the broker appended at `record_time`, now by default; raises Crash if it is the last."""
        time = self.now if record_time is None else record_time
        asyncio.run(self.pipeline.process(0, [record_of(told, time) for told in events]))

    def wait(self, duration: int) -> None:
        """Let time pass, in microseconds, and sweep in between: hourly for a day, then daily."""
        end = self.now + duration
        hours = range(self.now + _HOUR, min(end, self.now + 24 * _HOUR), _HOUR)
        for time in (*hours, *range(self.now + 24 * _HOUR, end, 24 * _HOUR), end):
            self.now = time
            self.sweep()

    def statistics(self) -> dict[str, dict[str, Any]]:
        """Return the newest record of each task on the topic, by task id; a tombstone removes it."""
        newest = {record.key or b"": record.value for record in self.log.topics["tasker.stats.task"]}
        decode = Decoder().decode
        return {key.decode(): decode("TaskStats", value) for key, value in newest.items() if value is not None}

    def emit(self) -> None:
        """Tell the windows that changed."""
        states = self.indexing.held(0)
        assert states is not None
        asyncio.run(self.pipeline.emit(self.processor.index, states))

    def sweep(self) -> None:
        """Ask all states what is due now."""
        asyncio.run(self.pipeline.revisit(0, self.store.heads(0), self.now))

    def windows(self) -> list[dict[str, Any]]:
        """Return what the index says, without revisions."""
        return without_revisions(self.chosen())

    def chosen(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return the windows of the index that match, as `WindowIndex.walk` takes it."""
        found = [(place, StoredWindow.of_entry(row)) for place, row in self.processor.windows.walk(**wanted)]
        return merge(content.window.value(place, revision) for place, (content, revision) in found)

    def told(self) -> list[dict[str, Any]]:
        """Return what the topic says, without revisions."""
        decode = Decoder().decode
        records = {record.key: record.value for record in self.log.topics["tasker.stats.window"]}
        values = [decode("StatsWindow", value) for value in records.values()]
        assert all(window_key_of(value).record_key == key for key, value in zip(records, values, strict=True))
        return without_revisions(merge(values))

    def live(self, events: list[dict[str, Any]], random: Random, crashes: int) -> None:
        """Take all events in runs, and crash now and then."""
        at = committed = 0
        while at < len(events):
            size = random.randrange(1, max(2, len(events) // 3))
            if crashes and random.random() < 0.6:
                crashes -= 1
                self.log.left = random.randrange(20)
            try:
                self.take(events[at : at + size])
                at += size
                if random.random() < 0.4:
                    self.emit()
                committed = at if random.random() < 0.7 else committed
            except Crash:
                self.start(lost=random.random() < 0.5)
                at = committed
        self.log.left = None
        self.emit()


def record_of(told: dict[str, Any], time: int) -> StoredRecord:
    """Return an event as a record that the broker appended at `time`, in microseconds."""
    family = Family(told["event_name"].partition(".")[0])
    value = encode(RECORD_OF_FAMILY[family], told)
    return StoredRecord(
        key=told["task_id"].encode(), value=value, topic=f"tasker.events.{family}", partition=0, timestamp=time // 1000
    )
