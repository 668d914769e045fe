"""Faust's Kafka transport, with runs of records as its unit.

Faust asks its consumer for single messages and pays for each of them in its own plumbing. This consumer hands out one
message for each fetched run of one partition: its value is the list of records, its offset that of the last one, so
that an ack covers the whole run. What Faust does message by message has its counterpart here:

* commits: an offset is committed when its run and every run before it are acked (`_new_offset`); Faust's own rule,
  built for consecutive offsets, commits past gaps (faust issue 606) or stops at them (596);
* gaps: compacted or aborted offsets are no gaps between runs (`_add_gap`);
* backpressure: a full queue blocks the fetch loop instead of taking partitions out of it one by one;
* rebalances: runs in work are settled and committed before partitions go (`on_partitions_revoked`), and every fetch
  is stamped with the group's generation by the thread that made it, so that no record of an old assignment can be
  taken for one of the new.

Everything overridden here is pinned by `tests/unit/test_engine_faust_internals.py`.
"""
# ruff: noqa: SLF001  the one module that has to reach into Faust and aiokafka

import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol, cast

import faust
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

SCHEME = "taskerruns"
#: How long the broker may hold back a fetch that has nothing to deliver. Faust's 1.5 s delay records that arrive on
#: one partition while a fetch of the others is under way.
FETCH_WAIT_MS = 200


class Fetched(NamedTuple):
    """What one fetch returned, and the group's generation in which it did (None: between two assignments)."""

    generation: int | None
    records: dict[TP, list[Any]]


class RunHost(Protocol):
    """What the consumer needs to know of the application it reads for."""

    run_size: int

    async def settle(self) -> None:
        """Finish or abandon the runs in work, and commit what is finished."""


class RunConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that owns the aiokafka consumer, and so knows which assignment a fetch belongs to."""

    _generation: int | None = None
    #: When the group's coordinator last answered a heartbeat or a join (monotonic seconds).
    last_heartbeat: float = 0.0

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    async def on_start(self) -> None:
        """Start the consumer and listen in on its heartbeats."""
        await super().on_start()
        coordinator = self._ensure_consumer()._coordinator
        beat = coordinator._do_heartbeat

        async def observed() -> bool:
            asked = time.monotonic()
            alive = bool(await beat())
            if alive:
                self.last_heartbeat = asked
            return alive

        coordinator._do_heartbeat = observed
        self.last_heartbeat = time.monotonic()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """From now on no fetch belongs to an assignment."""
        self._generation = None
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """From now on fetches belong to this assignment."""
        self._generation = generation_id
        self.last_heartbeat = time.monotonic()
        await super().on_partitions_assigned(assigned, generation_id)

    async def _fetch_records(self, *args: Any, **kwargs: Any) -> Any:
        records = await super()._fetch_records(*args, **kwargs)
        # No await between the two: aiokafka returns only records of the assignment it has at this moment.
        return Fetched(self._generation, cast("dict[TP, list[Any]]", records))


class RunConsumer(driver.Consumer):
    """A Faust consumer that delivers and commits runs of records."""

    def on_init(self) -> None:
        """Forget all runs."""
        super().on_init()
        #: Last offsets of the runs that were delivered and not committed, by partition, in order.
        self._runs: defaultdict[TP, deque[int]] = defaultdict(deque)

    def _new_consumer_thread(self) -> Any:
        return RunConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def _host(self) -> RunHost:
        return cast("RunHost", self.app)

    @property
    def heartbeat_age(self) -> float:
        """Seconds since the group last heard of this worker."""
        return time.monotonic() - cast("RunConsumerThread", self._thread).last_heartbeat

    def lags(self) -> dict[TP, int]:
        """Return how many records each source partition has beyond the committed offset, where both are known."""
        changelogs = self.app.tables.changelog_topics
        ends = {tp: self.highwater(tp) for tp in self.assignment() if tp.topic not in changelogs}
        return {
            tp: end - (self._committed_offset[tp] or 0)
            for tp, end in ends.items()
            if end is not None and tp in self._committed_offset
        }

    async def getmany(self, timeout: float) -> AsyncIterator[Any]:  # noqa: ASYNC109  Faust's signature
        """Fetch, and yield one message for each run."""
        fetched, active = cast("tuple[Fetched | None, set[TP] | None]", await self._wait_next_records(timeout))
        if not fetched or self.should_stop:
            return
        size = self._host.run_size
        for tp, records in fetched.records.items():
            if active is not None and tp not in active:
                continue
            for start in range(0, len(records), size):
                if not self.flow_active or fetched.generation != self.app.consumer_generation_id:
                    return  # partitions are being redistributed: what follows is delivered anew
                yield tp, self._run_message(tp, records[start : start + size])

    def _run_message(self, tp: TP, run: list[Any]) -> ConsumerMessage:
        message = self._to_message(tp, run[-1])
        message.key, message.value, message.headers = None, cast("Any", run), None
        # Faust drops what is older than the last offset it saw; with exact generations nothing ever has to be.
        self._read_offset[tp] = None
        self._runs[tp].append(message.offset)
        return message

    def _new_offset(self, tp: TP) -> int | None:
        runs, acked, last = self._runs[tp], self._acked_index[tp], None
        while runs and runs[0] in acked:
            last = runs.popleft()
        if last is None:
            return None
        kept = [offset for offset in self._acked[tp] if offset > last]
        self._acked[tp][:] = kept
        acked.intersection_update(kept)
        return last + 1

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Between runs there are no gaps."""

    def on_buffer_full(self, tp: TP) -> None:
        """Keep the partition: the queue itself holds the fetch loop back."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Nothing was taken away, nothing is given back."""

    async def perform_seek(self) -> None:
        """Seek to the committed offsets; what has none is read from its beginning again."""
        self._runs.clear()
        await super().perform_seek()
        changelogs = self.app.tables.changelog_topics
        fresh = [tp for tp in self.assignment() if tp.topic not in changelogs and not self._committed_offset[tp]]
        if fresh:
            # Faust leaves these where they are, which after a rebalance can be past records that nobody processed.
            earliest = await self.earliest_offsets(*fresh)
            await self.seek_wait({tp: offset or 0 for tp, offset in earliest.items()})
        self._runs.clear()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Settle and commit what is in work while the partitions are still ours, then let them go."""
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
        """Return Faust's decoder of one message."""

        async def decode(message: ConsumerMessage, **_: Any) -> faust.Event:
            return cast("faust.Event", app.create_event(None, message.value, message.headers, message))

        return decode


TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
