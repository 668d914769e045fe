"""Faust's thread around aiokafka's consumer: its next fetch, the size of that, and the last heartbeat.

Everything overridden here is pinned by `fingerprints`.
"""
# ruff: noqa: SLF001  it has to reach into Faust and aiokafka

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Protocol, cast

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from tasker_consumers.engine.faust.group.known_topics import KnownTopics
from tasker_consumers.engine.faust.group.static_membership import watch_fencing
from tasker_consumers.engine.faust.record_batches import FetchBudget, deliver_bounded_records
from tasker_consumers.engine.faust.time_alignment import Pace
from tasker_consumers.engine.flow.batching import Batcher

#: How long the broker may hold back a fetch that has nothing to deliver. Faust's 1.5 s delay records that arrive on
#: a partition while a fetch of the others is under way.
FETCH_WAIT_MS = 200
#: The same in a backlog of sources: a partition without records must not hold up the next fetch of the others.
_BACKLOG_WAIT_MS = 20
#: How many bytes are fetched of a partition at a time: of sources few, so that topics stay close together (`pace`); of
#: changelogs many, because nobody waits for anything but their end.
_SOURCE_BYTES, _CHANGELOG_BYTES = 128 << 10, 1 << 20


class FetchHost(Protocol):
    """The part of the application that the thread depends on."""

    batcher: Batcher
    partition_counts: Mapping[str, int]


class RunConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that owns the aiokafka consumer, and knows when the group last heard of it."""

    #: When the group's coordinator last answered a heartbeat or a join (monotonic seconds).
    last_heartbeat: float = 0.0
    #: Whether another process has taken this worker's place in the group, under the same instance id.
    fenced: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pace = Pace()
        self._budget = FetchBudget()

    async def on_start(self) -> None:
        """Start the consumer and listen in on its heartbeats."""
        await super().on_start()
        consumer = self._ensure_consumer()
        self._budget = deliver_bounded_records(consumer._fetcher)
        _tune(consumer._fetcher, restoring=False, behind=False)
        coordinator = consumer._coordinator
        coordinator._cluster = KnownTopics(coordinator._cluster, self._host.partition_counts)
        beat = coordinator._do_heartbeat

        async def observed() -> bool:
            asked_at = time.monotonic()
            alive = bool(await beat())
            if alive:
                self.last_heartbeat = asked_at
            return alive

        coordinator._do_heartbeat = observed
        if coordinator._group_instance_id:
            watch_fencing(coordinator, self._note_fenced)
        self.last_heartbeat = time.monotonic()

    @property
    def _host(self) -> FetchHost:
        return cast("FetchHost", self.consumer.app)

    def _stopped_set(self) -> None:
        if self.thread_loop.is_closed():  # the thread ended before it was asked to
            self._stopped.set()
        else:
            super()._stopped_set()

    def _note_fenced(self) -> None:
        self.fenced = True

    def rejoin(self) -> None:
        """Have the group coordinator join anew; may be called from any thread."""
        coordinator = self._ensure_consumer()._coordinator
        self.thread_loop.call_soon_threadsafe(coordinator.request_rejoin)

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109  Faust's signature
        max_records: int | None = None,
    ) -> Any:
        changelogs = self.consumer.app.tables.changelog_topics
        restoring = any(tp.topic in changelogs for tp in active_partitions)
        _tune(consumer._fetcher, restoring=restoring, behind=self.pace.is_behind())
        crowded = frozenset() if restoring else self._host.batcher.crowded
        partitions = self.pace.next(tp for tp in active_partitions if tp.partition not in crowded)
        if not partitions:  # to aiokafka no partition is every partition
            await asyncio.sleep(FETCH_WAIT_MS / 1000)
            return {}
        self._budget.renew()
        begun = time.monotonic()
        records = await super()._fetch_records(consumer, partitions, timeout, max_records)
        lasts = [(tp, fetched[-1]) for tp, fetched in records.items() if fetched]
        reached = {tp: (last.timestamp, last.offset + 1 < (consumer.highwater(tp) or 0)) for tp, last in lasts}
        self.pace.note(partitions, reached, time.monotonic() - begun)
        return records

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Note that the group just answered: while it is joined there are no heartbeats."""
        self.last_heartbeat = time.monotonic()
        await super().on_partitions_assigned(assigned, generation_id)


def _tune(fetcher: Any, *, restoring: bool, behind: bool) -> None:
    """Have a fetcher of aiokafka ask for the partitions that are next, and keep its rest short.

    It rests while records are not taken, though here some only wait for other topics. And it looks for something to
    fetch from time to time, as it misses it when a fetch ends while records are taken.
    """
    wait_ms = _BACKLOG_WAIT_MS if behind and not restoring else FETCH_WAIT_MS
    fetcher._max_partition_fetch_bytes = _CHANGELOG_BYTES if restoring else _SOURCE_BYTES
    fetcher._fetch_max_wait_ms = wait_ms
    fetcher._fetcher_timeout = wait_ms / 1000
    fetcher._prefetch_backoff = wait_ms / 2000  # half of that, as aiokafka has it
