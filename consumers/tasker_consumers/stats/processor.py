"""The statistics as a processor of the engine: bytes in, the fold in the middle, bytes out."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from tasker_consumers.engine.processor import Effects
from tasker_consumers.stats.clocks import StateClock
from tasker_consumers.stats.core.contribution import contribution_of_stats
from tasker_consumers.stats.core.counting import Change, changes_of
from tasker_consumers.stats.core.derive import contribution_of_state, derive_stats, is_terminal
from tasker_consumers.stats.core.fold import FAMILIES, Headers, fold
from tasker_consumers.stats.core.record import to_bytes
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.steps import Event
from tasker_consumers.stats.core.storage import Read, dump, load
from tasker_consumers.stats.lifetime import Lifetime
from tasker_consumers.stats.metrics import DEFAULT_NAMES, StatsMetrics
from tasker_consumers.stats.window_index import WindowIndex
from tasker_schemas.avro.codec import Decoder, SchemaLookup
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.event_check import check_record
from tasker_schemas.topics import DEFAULT_PREFIX, dead_letter_topic, event_topic, stats_topic, window_topic

GROUP = "stats"

# Number of states between which other coroutines, above all heartbeats, have their turn.
_TURN = 100

DecodedRecord = tuple[Event, Headers, int]
"""An event, the headers of its record, and the record's time in milliseconds."""


class StatsProcessor:
    """Joins the events of each task into its statistics, and emits the statistics of each touched task."""

    gather_seconds = 0.0

    def __init__(
        self,
        prefix: str,
        decoder: Decoder,
        lifetime: Lifetime,
        clock: StateClock | None = None,
        *,
        metric_names: int = DEFAULT_NAMES,
    ) -> None:
        self.group = f"{prefix}-{GROUP}"
        self.sources = tuple(event_topic(family, prefix) for family in FAMILIES)
        self.outputs = (stats_topic(prefix), window_topic(prefix))
        self.dead_letters = dead_letter_topic(GROUP, prefix)
        self._records = {event_topic(family, prefix): (RECORD_OF_FAMILY[family], str(family)) for family in FAMILIES}
        #: The windows of the partitions held; HTTP questions read them.
        self._clock = clock or StateClock()
        self.windows = self.index = WindowIndex(self.outputs[1], lifetime.retention_s, clock=self._clock)
        self._metrics = StatsMetrics(self.windows.open_tasks, metric_names)
        self.registry = self._metrics.registry
        self._decode = decoder.decode
        self._lifetime = lifetime

    def decode(self, record: Any) -> DecodedRecord:
        """Return the event and its headers; raises PoisonRecord for a record that no reader can ever use."""
        name, family = self._records[record.topic]
        event = self._decode(name, record.value)
        check_record(event, record.key, family)
        return event, record.headers, record.timestamp

    def fold(self, state: TaskState | None, record: DecodedRecord) -> TaskState:
        """Return the state after another event, with the time of its delivery."""
        event, headers, timestamp_ms = record
        state = fold(state, event, headers)
        heard_at = max(self._clock.observe(timestamp_ms), self._clock.wall())
        state.last_heard_at = max(state.last_heard_at, heard_at)
        state.first_heard_at = min(state.first_heard_at or heard_at, heard_at)
        return state

    def load(self, key: bytes, read: Read) -> TaskState | None:
        """Return the stored state of a task, with its contribution."""
        state = load(key, read)
        if state is not None:
            state.stored_contribution = contribution_of_state(state)
            state.stored_open = state.stored_contribution is None
        return state

    def dump(self, key: bytes, state: TaskState) -> Mapping[bytes, bytes | None]:
        """Return the entries to write for a task."""
        return dump(key, state)

    async def effects_of(self, partition: int, touched: dict[bytes, TaskState]) -> Effects:
        """Return the statistics of the touched tasks, and the changes of the windows.

        A task that is forgotten gets a tombstone on the topic, and the windows stay as they are.
        """
        records: dict[bytes, bytes | None] = {}
        changes: list[Change] = []
        for count, (key, state) in enumerate(touched.items(), 1):
            if state.forgotten:
                records[key] = None
            else:
                stats = derive_stats(state)
                records[key] = to_bytes(stats)
                changes += changes_of(state, contribution_of_stats(stats))
            if not count % _TURN or state.steps.spread:
                await asyncio.sleep(0)
        opened = sum(_is_open(state) - state.stored_open for state in touched.values())
        windows = await self.windows.change(partition, changes, opened)

        def written() -> None:
            windows.written()
            self._count(changes, touched.values())

        return replace(windows, outputs={self.outputs[0]: records}, written=written)

    def is_due(self, state: TaskState, now_us: int) -> bool:  # noqa: ARG002  the wall clock alone must not age a state
        """Return whether a task's age changed its state."""
        self._clock.report_difference()
        state.newly_abandoned = due = self._lifetime.age(
            state, now=self._clock.now(), for_marks=self._clock.for_marks()
        )
        return due

    def _count(self, changes: list[Change], touched: Collection[TaskState]) -> None:
        self._metrics.ended.count(changes)
        self._metrics.late.inc(sum(state.late for state in touched))
        self._metrics.duplicates.inc(sum(state.repeated for state in touched))
        self._metrics.abandoned.inc(sum(state.newly_abandoned and _is_open(state) for state in touched))

    async def start(self) -> None:
        """Do nothing: the engine opens all connections."""

    async def stop(self) -> None:
        """Do nothing: the engine closes all connections."""

    def ready(self) -> bool:
        """Return True: the statistics have no backend but Kafka."""
        return True


def build_stats_processor(
    prefix: str = DEFAULT_PREFIX,
    *,
    lookup: SchemaLookup | None = None,
    lifetime: Lifetime | None = None,
    metric_names: int = DEFAULT_NAMES,
) -> StatsProcessor:
    """Return the processor of the statistics; `lookup` finds schemas by registry id, if there is a registry.

    `metric_names` limits the task names, and the step names, that have a label of their own in the metrics.
    """
    return StatsProcessor(prefix, Decoder(lookup), lifetime or Lifetime(), metric_names=metric_names)


def _is_open(state: TaskState) -> bool:
    return not (state.forgotten or is_terminal(state))
