"""Faust's Kafka transport, with runs of records as its unit.

Faust asks its consumer for single messages and pays for each of them in its own plumbing. This consumer hands out a
message for each fetched run of a partition: its value is a `Run`, its offset that of the last record, so that an ack
covers the whole run. Each action of Faust for a message has its counterpart here:

* commits: an offset is committed when its run and every run before it are acked (`_new_offset`); Faust's own rule,
  built for consecutive offsets, commits past gaps (faust issue 606) or stops at them (596);
* gaps: compacted or aborted offsets are no gaps between runs (`_add_gap`);
* backpressure: a full queue blocks the fetch loop instead of taking single partitions out of it;
* seeks: a fetch and a seek never overlap, and each seek begins a new epoch. A run of an older epoch is dropped wherever
  it turns up: the seek has made sure that its records come again. Without this, a fetch that is under way during a
  rebalance can move a partition past records that nobody gets;
* rebalances: runs in work are settled and committed before their partitions go (`on_partitions_revoked`).

Everything overridden here is pinned by `fingerprints`.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol, cast

import faust
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from tasker_consumers.engine.faust.fetch_thread import FETCH_WAIT_MS, RunConsumerThread

SCHEME = "taskerruns"
_NOTHING_ACTIVE_SECONDS = 0.1


class Run(NamedTuple):
    """Records that were fetched together from a partition, and the consumer's epoch at that time."""

    epoch: int
    records: list[Any]
    #: Whether the partition has more of them already.
    more: bool = False


class RunHost(Protocol):
    """The part of the application that the consumer depends on."""

    batch_size: int

    async def settle(self) -> None:
        """Finish or abandon the runs in work, and commit the finished runs."""

    def note_expired(self, tp: TP, count: int) -> None:
        """Note that retention removed records of a partition which the group has not read."""


class RunConsumer(driver.Consumer):
    """A Faust consumer that delivers and commits runs of records."""

    def on_init(self) -> None:
        """Forget all runs."""
        super().on_init()
        #: Last offsets of the runs that were delivered and not committed, by partition, in order.
        self._runs: defaultdict[TP, deque[int]] = defaultdict(deque)
        #: Counts the seeks; a run of an older epoch is stale.
        self.epoch = 0
        self._position = asyncio.Lock()  # held by whoever moves it: a fetch or a seek

    def _new_consumer_thread(self) -> Any:
        return RunConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def _host(self) -> RunHost:
        return cast("RunHost", self.app)

    @property
    def heartbeat_age(self) -> float:
        """Seconds since the group last heard of this worker."""
        return time.monotonic() - cast("RunConsumerThread", self._thread).last_heartbeat

    @property
    def fenced(self) -> bool:
        """Whether another process has taken this worker's place in the group."""
        return cast("RunConsumerThread", self._thread).fenced

    def rejoin(self) -> None:
        """Ask the group for a new assignment, also if nobody came or went."""
        cast("RunConsumerThread", self._thread).rejoin()

    def lags(self) -> dict[TP, int]:
        """Return how many records each source partition has beyond the committed offset, where both are known."""
        committed = self.committed_offsets()
        ends = {tp: self.highwater(tp) for tp in committed}
        return {tp: end - committed[tp] for tp, end in ends.items() if end is not None}

    def committed_offsets(self) -> dict[TP, int]:
        """Return the committed offset of each source partition, where it is known."""
        sources = (tp for tp in self.assignment() if tp.topic not in self.app.tables.changelog_topics)
        return {tp: self._committed_offset[tp] or 0 for tp in sources if tp in self._committed_offset}

    async def getmany(self, timeout: float) -> AsyncIterator[Any]:  # noqa: ASYNC109  Faust's signature
        """Fetch, and yield a message for each run."""
        if not self.flow_active:
            await self.wait(cast("Any", self.can_resume_flow))
        if not self._get_active_partitions():
            await self.sleep(_NOTHING_ACTIVE_SECONDS)
            return
        async with self._position:
            epoch = self.epoch
            # Short, because a seek has to wait for it.
            records, active = await self._wait_next_records(min(timeout, FETCH_WAIT_MS / 1000))
        size = self._host.batch_size
        for tp, fetched in (records or {}).items():
            if active is not None and tp not in active:
                continue
            has_more = cast("RunConsumerThread", self._thread).pace.has_more(tp)
            for start in range(0, len(fetched), size):
                if self.should_stop or not self.flow_active or epoch != self.epoch:
                    return  # a seek has come or will come: the rest is delivered after it
                run = Run(epoch, fetched[start : start + size], has_more or start + size < len(fetched))
                yield tp, self._run_message(tp, run)

    def _run_message(self, tp: TP, run: Run) -> ConsumerMessage:
        last = run.records[-1]
        message = ConsumerMessage(
            topic=tp.topic,
            partition=tp.partition,
            offset=last.offset,
            timestamp=last.timestamp / 1000,
            timestamp_type=0,
            headers=None,
            key=None,
            value=cast("Any", run),
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )
        # Faust drops records older than the last offset it saw; epochs make that needless.
        self._read_offset[tp] = None
        self._runs[tp].append(message.offset)
        return message

    def _new_offset(self, tp: TP) -> int | None:
        runs, acked, last = self._runs[tp], self._acked_index[tp], None
        while runs and runs[0] in acked:
            last = runs.popleft()
        if last is None:
            return None
        pending = [offset for offset in self._acked[tp] if offset > last]
        self._acked[tp][:] = pending
        acked.intersection_update(pending)
        return last + 1

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Between runs there are no gaps."""

    def on_buffer_full(self, tp: TP) -> None:
        """Keep the partition: the queue itself holds the fetch loop back."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Nothing was taken away, nothing is given back."""

    async def perform_seek(self) -> None:
        """Seek to the committed offsets; a partition without an offset is read from its beginning again."""
        async with self._position:
            self._begin_epoch()
            await super().perform_seek()
            changelogs = self.app.tables.changelog_topics
            sources = [tp for tp in self.assignment() if tp.topic not in changelogs]
            earliest = await self.earliest_offsets(*sources) if sources else {}
            uncommitted = {tp: earliest[tp] or 0 for tp in sources if not self._committed_offset[tp]}
            if uncommitted:
                # Faust leaves these where they are, which can be past records that nobody got.
                await super().seek_wait(uncommitted)
            for tp in sources:
                first, committed = earliest[tp] or 0, self._committed_offset[tp]
                if committed and first > committed:
                    self._host.note_expired(tp, first - committed)

    async def seek_wait(self, partitions: Any) -> None:
        """Seek, as recovery does for changelogs."""
        async with self._position:
            self._begin_epoch()
            await super().seek_wait(partitions)

    def is_stale(self, run: Run) -> bool:
        """Return whether a seek has come since the run was fetched."""
        return run.epoch != self.epoch

    def _begin_epoch(self) -> None:
        self.epoch += 1
        self._runs.clear()
        cast("RunConsumerThread", self._thread).pace.forget()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Settle and commit the runs in work while the partitions are still ours, then let them go."""
        await self._host.settle()
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._runs.pop(tp, None)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's stall warnings count messages; a run may rightly wait long for its backend."""


class Transport(driver.Transport):
    """Faust's aiokafka transport with the consumer of runs."""

    Consumer = RunConsumer


class RunSchema(faust.Schema[Any, Any]):
    """Passes a run through undecoded."""

    def compile(self, app: Any, **_: Any) -> Any:
        """Return Faust's decoder of a message."""

        async def decode(message: ConsumerMessage, **_: Any) -> faust.Event:
            return cast("faust.Event", app.create_event(None, message.value, message.headers, message))

        return decode


TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
