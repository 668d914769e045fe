"""The telemetry group as a processor of the engine: events in, the fold in the middle, spans to the exporter."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from prometheus_client import CollectorRegistry

from tasker_consumers.engine.processor import Effects
from tasker_consumers.telemetry.core.event import Event, read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import Read, TaskState
from tasker_consumers.telemetry.export.exporter import Exporter, Rejection
from tasker_consumers.telemetry.export.sanitize import Finisher
from tasker_consumers.telemetry.lifetime import Lifetime, settle, wake_at
from tasker_consumers.telemetry.metrics.group_metrics import OwnMetrics
from tasker_consumers.telemetry.metrics.open_spans import OpenSpans
from tasker_consumers.telemetry.metrics.task_metrics import TaskMetrics
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import harvest
from tasker_consumers.telemetry.spans.span import Span
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.headers import SAMPLED
from tasker_schemas.names import Family
from tasker_schemas.topics import dead_letter_topic, event_topic

GROUP = "telemetry"

# Tasks between which other coroutines, heartbeats above all, get their turn.
_TURN = 100

#: Stands in the engine's place for a state where there is none: a custom event outside of any task.
_OUTSIDE = TaskState.of_task("", 0)

Clock = Callable[[], int]


def _wall_clock() -> int:
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the operator decided."""

    group: str = GROUP
    policy: Policy
    lifetime: Lifetime
    finisher: Finisher
    refused: Callable[[Sequence[Rejection]], Awaitable[None]]  # puts aside what the backend will never take
    tasks: TaskMetrics  # durations and failures, of tasks that are not kept too
    registry: CollectorRegistry


class TelemetryProcessor:
    """Rebuilds the spans of every task, and holds a run until the backend has taken those that ended in it."""

    outputs = ()
    #: A task's end and those of its steps are in topics of their own; told together, they are exported together.
    gather_seconds = 0.05

    def __init__(
        self,
        prefix: str,
        decoder: Decoder,
        exporter: Exporter,
        rules: Rules,
        clock: Clock = _wall_clock,
    ) -> None:
        self.group = f"{prefix}-{rules.group}"
        self.sources = tuple(event_topic(family, prefix) for family in Family)
        self.dead_letters = dead_letter_topic(GROUP, prefix)
        self._decode = decoder.decode
        self._exporter = exporter
        self._rules = rules
        self._clock = clock
        #: The group's own numbers, and those of the tasks, for whoever serves `/metrics`.
        self.registry = rules.registry
        #: Spans that are open in the partitions held.
        self.index = OpenSpans()
        self._metrics = OwnMetrics(rules.registry)
        self._metrics.show_open(lambda: self.index.total)
        self._metrics.backend_up.set_function(lambda: float(exporter.ready()))

    def decode(self, record: Any) -> Event:
        """Return the record's event; raises PoisonRecord for one that can never be read."""
        return read_event(record, self._decode)

    def fold(self, state: TaskState | None, event: Event) -> TaskState:
        """Return the state after one more event."""
        if "task_id" not in event.data:
            self._metrics.outside.inc()
            return state or _OUTSIDE
        return fold(None if state is _OUTSIDE else state, event)

    def load(self, key: bytes, read: Read) -> TaskState | None:
        """Return the stored state of a task."""
        return TaskState.load(key, read)

    def dump(self, key: bytes, state: TaskState) -> Mapping[bytes, bytes | None]:  # noqa: ARG002  a state knows its key
        """Return the entries to write for a task."""
        return {} if state is _OUTSIDE else state.dump()

    async def effects_of(self, partition: int, touched: dict[bytes, TaskState]) -> Effects:
        """Export what ended; returns when the backend has taken or refused it."""
        ended = await self._harvest(touched)
        self._rules.tasks.observe(ended)
        finished = self._rules.finisher.finished
        spans = [finished(span) for span in ended if span.flags & SAMPLED]
        self._metrics.unsampled.inc(len(ended) - len(spans))
        if spans:
            await self._export(spans)
        tasks = {key: state for key, state in touched.items() if state is not _OUTSIDE}
        return replace(self.index.change(partition, tasks.values()), timers=self._wakes(tasks))

    def _wakes(self, tasks: Mapping[bytes, TaskState]) -> dict[bytes, int]:
        """Return when spans that wait are to be exported, by their task's key."""
        times = {key: wake_at(state.head, self._rules.policy) for key, state in tasks.items()}
        return {key: at for key, at in times.items() if at is not None}

    def is_due(self, state: TaskState, now: int) -> bool:
        """Return whether a task's silence asks for something."""
        state.overdue = self._rules.lifetime.overdue(state, self._rules.policy, now)
        return state.overdue is not None

    async def start(self) -> None:
        """Open the backend."""
        await self._exporter.start()

    async def stop(self) -> None:
        """Close it."""
        await self._exporter.stop()
        await asyncio.to_thread(self._rules.tasks.close)

    def ready(self) -> bool:
        """Return whether the backend takes spans."""
        return self._exporter.ready()

    async def _export(self, spans: list[Span]) -> None:
        self._metrics.count_spans(spans)
        with self._metrics.export_seconds.time():
            result = await self._exporter.export(spans)
        self._metrics.count_result(result)
        if result.rejections:
            await self._rules.refused(result.rejections)

    async def _harvest(self, touched: Mapping[bytes, TaskState]) -> list[Span]:
        now, policy = self._clock(), self._rules.policy
        spans: list[Span] = []
        for count, state in enumerate(touched.values(), 1):
            if state.overdue is not None:
                spans += settle(state, policy, now)
            elif state is not _OUTSIDE:
                state.head["seen_at"] = now
                if late := state.late_now:
                    self._metrics.late.inc(late)
                spans += harvest(state, policy, now)
            if not count % _TURN:
                await asyncio.sleep(0)
        return spans
