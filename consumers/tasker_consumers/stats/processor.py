"""The statistics as a processor of the engine: bytes in, the fold in the middle, bytes out."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from tasker_consumers.stats.derive import stats
from tasker_consumers.stats.fold import FAMILIES, Headers, fold
from tasker_consumers.stats.lifetime import Lifetime
from tasker_consumers.stats.record import to_bytes
from tasker_consumers.stats.state import TaskState
from tasker_consumers.stats.steps import Event
from tasker_consumers.stats.storage import Read, dump, load
from tasker_consumers.stats.window_index import WindowIndex
from tasker_schemas.codec import Decoder, SchemaLookup
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tasker_schemas.names import Family
from tasker_schemas.schemas import RECORD_OF_FAMILY
from tasker_schemas.topics import DEFAULT_PREFIX, dead_letter_topic, event_topic, stats_topic

GROUP = "stats"

_STEP = f"{Family.STEP}."

# States between which other coroutines, heartbeats above all, get their turn.
_TURN = 100

Clock = Callable[[], int]
Told = tuple[Event, Headers]


def _wall_clock() -> int:
    return time.time_ns() // 1000


class StatsProcessor:
    """Joins the events of each task into its statistics, and emits them whenever the task was touched."""

    gather_seconds = 0.0
    registry = None

    def __init__(self, prefix: str, decoder: Decoder, lifetime: Lifetime, clock: Clock = _wall_clock) -> None:
        self.group = f"{prefix}-{GROUP}"
        self.sources = tuple(event_topic(family, prefix) for family in FAMILIES)
        self.output = stats_topic(prefix)
        self.dead_letters = dead_letter_topic(GROUP, prefix)
        self._records = {event_topic(family, prefix): (RECORD_OF_FAMILY[family], f"{family}.") for family in FAMILIES}
        #: The windows of the partitions held, for those who ask.
        self.windows = WindowIndex()
        self._decode = decoder.decode
        self._lifetime = lifetime
        self._clock = clock

    def decode(self, record: Any) -> Told:
        """Return the event and its headers; raises PoisonRecord for what can never be read or breaks the catalogue."""
        name, family = self._records[record.topic]
        event = self._decode(name, record.value)
        _check(event, record.key, family)
        return event, record.headers

    def fold(self, state: TaskState | None, event: Told) -> TaskState:
        """Return the state after one more event, with the time of its delivery."""
        state = fold(state, *event)
        state.touched_at = self._clock()
        return state

    def load(self, key: bytes, read: Read) -> TaskState | None:
        """Return the stored state of a task."""
        return load(key, read)

    def dump(self, key: bytes, state: TaskState) -> Mapping[bytes, bytes | None]:
        """Return the entries to write for a task."""
        return dump(key, state)

    async def react(self, touched: dict[bytes, TaskState]) -> Mapping[bytes, bytes]:
        """Return the statistics of the touched tasks; those that are only forgotten keep their last record."""
        records = {}
        for count, (key, state) in enumerate(touched.items(), 1):
            if not state.forgotten:
                records[key] = to_bytes(stats(state))
            if not count % _TURN or state.steps.spread:
                await asyncio.sleep(0)
        return records

    def due(self, state: TaskState, now: int) -> bool:
        """Return whether a task's age changed its state."""
        return self._lifetime.age(state, now)

    async def start(self) -> None:
        """Nothing to open: everything goes through the engine."""

    async def stop(self) -> None:
        """Nothing to close."""

    def ready(self) -> bool:
        """Return True: there is no backend that could be away."""
        return True


def build_stats_processor(
    prefix: str = DEFAULT_PREFIX, *, lookup: SchemaLookup | None = None, lifetime: Lifetime | None = None
) -> StatsProcessor:
    """Return the processor of the statistics; `lookup` finds schemas by registry id, if there is a registry."""
    return StatsProcessor(prefix, Decoder(lookup), lifetime or Lifetime())


def _check(event: Event, key: bytes | None, family: str) -> None:
    """Refuse an event that would be folded into the wrong task or under the wrong rules."""
    if key is None:
        raise PoisonRecord(PoisonReason.NULL_KEY, "an event without a key belongs to no partition")
    if event["task_id"].encode() != key:
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"the key is {key!r}, but task_id is {event['task_id']!r}")
    if b"\0" in key:
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"task_id {event['task_id']!r} contains a NUL character")
    if not event["event_name"].startswith(family):
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"event_name is {event['event_name']!r}, not {family}*")
    if family == _STEP and event["attempt_number"] < 1:  # what a job queue counts, in other families, is its own affair
        number = event["attempt_number"]
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"attempt_number is {number}, but attempts count from 1")
