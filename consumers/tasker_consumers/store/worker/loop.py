"""The loop of a store worker: place the partitions it was given, take what is fetched into the database, keep house."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from tasker_consumers.kafka.broker_silence import BrokerSilence
from tasker_consumers.store.worker.flow import Abandoned, Flow
from tasker_consumers.store.worker.group_consumer import STATISTICS_S, GroupConsumer
from tasker_consumers.store.writing.writer import StoreWriter

_POLL_S = 0.3

logger = logging.getLogger("tasker_consumers.engine")


class StoreLoop:
    """Works until it is told to stop; `maintain` is called between batches, and decides itself when it has work."""

    def __init__(
        self, flow: Flow, consumer: GroupConsumer, writer: StoreWriter, admin: Any, maintain: Callable[[], None]
    ) -> None:
        self._flow = flow
        self._consumer = consumer
        self._writer = writer
        self._admin = admin
        self._maintain = maintain
        self._is_ready = False
        #: The numbers of this worker, for `/metrics`.
        self.registry = flow.metrics.registry

    def stop(self) -> None:
        """End after the batch at work, or at once where it waits for a backend."""
        self._flow.stopping = True

    async def run(self, batch_size: int, silence: BrokerSilence) -> None:
        """Work until `stop`; raises BackendUnavailable when no broker answers for too long."""
        await asyncio.to_thread(self._consumer.subscribe)
        while not self._flow.stopping:
            silence.observe(max(0.0, time.monotonic() - self._consumer.connected_at - 2 * STATISTICS_S))
            try:
                if self._consumer.unplaced:
                    await self._place()
                records = await asyncio.to_thread(self._consumer.poll, _POLL_S, batch_size)
                if records:
                    await self._flow.process(records)
                else:
                    await self._flow.patiently(self._maintain)
            except Abandoned:
                logger.info("A batch was let go: its partitions are read again from where the database ends")
                self._consumer.forget_place()
            self._flow.quarantine.log_pending()
            self._measure()

    def waiting(self) -> str | None:
        """Return the step before this worker can work, for people; None when it can."""
        if not self._consumer.statistics.connected:
            return "no answer from Kafka"
        if self._flow.waiting is not None:
            return self._flow.waiting
        if not self._consumer.statistics.placed or self._consumer.unplaced:
            return "waiting for partitions"
        return None

    async def _place(self) -> None:
        flow = self._flow
        flow.topic_ids = await flow.patiently(lambda: self._consumer.topic_ids(self._admin))
        positions = await flow.patiently(self._writer.positions)
        expired = await flow.patiently(lambda: self._consumer.place(positions, flow.topic_ids))
        flow.metrics.rebalances.inc()
        for key, count in expired.items():
            flow.metrics.expired.labels(*key).inc(count)
            logger.warning("%s/%d: %d records expired before they were read", *key, count)
        logger.info("Assigned %d partitions", len(self._consumer.assigned))
        if not self._is_ready:
            self._is_ready = True
            logger.info("Worker ready")

    def _measure(self) -> None:
        metrics = self._flow.metrics
        metrics.partitions.set(len(self._consumer.assigned))
        metrics.lag.clear()
        for (topic, partition), lag in self._consumer.statistics.lags.items():
            metrics.lag.labels(topic, partition).set(lag)
