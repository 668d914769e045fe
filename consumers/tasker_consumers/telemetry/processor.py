"""The telemetry group as a processor of the engine: events in, the fold in the middle, spans to the exporter."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tasker_consumers.engine.processor import Effects
from tasker_consumers.telemetry.core.event import Event, read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.core.storage import Read
from tasker_consumers.telemetry.export.exporter import Exporter, description_of
from tasker_consumers.telemetry.lifetime import settle
from tasker_consumers.telemetry.metrics.group_metrics import GroupMetrics
from tasker_consumers.telemetry.metrics.open_spans import OpenSpans
from tasker_consumers.telemetry.options import GROUP, TelemetryOptions
from tasker_consumers.telemetry.pending import wake_at
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.spans.span import Span
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.headers import SAMPLED
from tasker_schemas.names import Family
from tasker_schemas.topics import dead_letter_topic, event_topic

logger = logging.getLogger(__name__)

# Tasks between which other coroutines, heartbeats above all, get their turn.
_TURN = 100

#: Stands in the engine's place for a state where there is none: a custom event outside of any task.
_OUTSIDE = TaskState.of_task("", 0)

Clock = Callable[[], int]


def _wall_clock() -> int:
    return time.time_ns() // 1000


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
        options: TelemetryOptions,
        clock: Clock = _wall_clock,
    ) -> None:
        self.group = f"{prefix}-{options.group}"
        self.sources = tuple(event_topic(family, prefix) for family in Family)
        self.dead_letters = dead_letter_topic(GROUP, prefix)
        self._decode = decoder.decode
        self._exporter = exporter
        self._options = options
        self._clock = clock
        #: The group's own numbers, and those of the tasks, for whoever serves `/metrics`.
        self.registry = options.registry
        #: Spans that are open in the partitions held.
        self.index = OpenSpans()
        self._metrics = GroupMetrics(options.registry)
        self._metrics.show_open(lambda: self.index.total)
        self._metrics.backend_up.set_function(lambda: float(exporter.ready()))

    def decode(self, record: Any) -> Event:
        """Return the record's event; raises PoisonRecord for a record that can never be read."""
        return read_event(record, self._decode)

    def fold(self, state: TaskState | None, event: Event) -> TaskState:
        """Return the state after another event."""
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
        """Export the spans that ended; returns when the backend has taken or refused it."""
        ended = await self._ended(touched)
        self._options.tasks.observe(ended)
        # In a thread: to mask long texts takes its time, and heartbeats and `/healthz` have to be answered meanwhile.
        spans = await asyncio.to_thread(self._sanitized, ended) if ended else []
        self._metrics.unsampled.inc(len(ended) - len(spans))
        if spans:
            await self._export(spans)
        tasks = {key: state for key, state in touched.items() if state is not _OUTSIDE}
        return replace(self.index.change(partition, tasks.values()), timers=self._wake_times(tasks))

    def _wake_times(self, tasks: Mapping[bytes, TaskState]) -> dict[bytes, int]:
        """Return when spans that wait are to be exported, by their task's key."""
        times = {key: wake_at(state.head, self._options.policy) for key, state in tasks.items()}
        return {key: wake_us for key, wake_us in times.items() if wake_us is not None}

    def is_due(self, state: TaskState, now_us: int) -> bool:
        """Return whether a task's silence asks for something."""
        state.overdue = self._options.lifetime.overdue(state, self._options.policy, now_us)
        return state.overdue is not None

    async def start(self) -> None:
        """Open the backend, and say in the log where spans go."""
        logger.info(
            "Telemetry group %s: exporter %s; sampling %s; span names %s.",
            self.group, description_of(self._exporter), self._options.policy.sampling, self._options.policy.names,
        )  # fmt: skip
        await self._exporter.start()

    async def stop(self) -> None:
        """Close it."""
        await self._exporter.stop()
        await asyncio.to_thread(self._options.tasks.close)

    def ready(self) -> bool:
        """Return whether the backend takes spans."""
        return self._exporter.ready()

    async def _export(self, spans: list[Span]) -> None:
        self._metrics.count_spans(spans)
        with self._metrics.export_seconds.time():
            result = await self._exporter.export(spans)
        self._metrics.count_result(result)
        if result.rejections:
            await self._options.put_aside(result.rejections)

    def _sanitized(self, ended: list[Span]) -> list[Span]:
        sanitize = self._options.sanitizer.sanitize
        return [sanitize(span) for span in ended if span.flags & SAMPLED]

    async def _ended(self, touched: Mapping[bytes, TaskState]) -> list[Span]:
        now_us, policy = self._clock(), self._options.policy
        spans: list[Span] = []
        for count, state in enumerate(touched.values(), 1):
            if state.overdue is not None:
                spans += settle(state, policy, now_us)
            elif state is not _OUTSIDE:
                state.head.seen_at = now_us
                if late := state.late_now:
                    self._metrics.late.inc(late)
                spans += ready_spans(state, policy, now_us)
            if not count % _TURN:
                await asyncio.sleep(0)
        return spans
