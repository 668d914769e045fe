"""The telemetry group as a processor of the engine: events in, the fold in the middle, spans to the exporter."""

import time
from collections.abc import Callable
from dataclasses import replace

from tasker_consumers.engine.processor import Effects
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.export.exporter import Exporter
from tasker_consumers.telemetry.metrics.group_metrics import GroupMetrics
from tasker_consumers.telemetry.metrics.open_spans import OpenSpans
from tasker_consumers.telemetry.options import GROUP, TelemetryOptions
from tasker_consumers.telemetry.processing.ended_spans import ended_spans, wake_times
from tasker_consumers.telemetry.processing.span_sender import SpanSender
from tasker_consumers.telemetry.processing.task_states import OUTSIDE, Decode, TaskStates
from tasker_schemas.topics import dead_letter_topic, event_topics

Clock = Callable[[], int]


def _wall_clock() -> int:
    return time.time_ns() // 1000


class TelemetryProcessor(TaskStates):
    """Rebuilds the spans of every task, and holds a run until the backend has taken those that ended in it."""

    outputs = ()
    #: A task's end and those of its steps are in topics of their own; told together, they are exported together.
    gather_seconds = 0.05

    def __init__(
        self, prefix: str, decode: Decode, exporter: Exporter, options: TelemetryOptions, clock: Clock = _wall_clock
    ) -> None:
        self._metrics = GroupMetrics(options.registry)
        super().__init__(decode, self._metrics.outside.inc)
        self.group = f"{prefix}-{options.group}"
        self.sources = event_topics(prefix)
        self.dead_letters = dead_letter_topic(GROUP, prefix)
        self._sender = SpanSender(self.group, exporter, options, self._metrics)
        self._options = options
        self._clock = clock
        #: The group's own numbers, and those of the tasks, for whoever serves `/metrics`.
        self.registry = options.registry
        #: Spans that are open in the partitions held.
        self.index = OpenSpans()
        self._metrics.show_open(lambda: self.index.total)
        self.start, self.stop, self.ready = self._sender.start, self._sender.stop, self._sender.ready

    async def effects_of(self, partition: int, touched: dict[bytes, TaskState]) -> Effects:
        """Export the spans that ended; returns when the backend has taken or refused it."""
        tasks = {key: state for key, state in touched.items() if state is not OUTSIDE}
        policy = self._options.policy
        await self._sender.send(await ended_spans(tasks, policy, self._clock(), self._metrics.late.inc))
        return replace(self.index.change(partition, tasks.values()), timers=wake_times(tasks, policy))

    def is_due(self, state: TaskState, now_us: int) -> bool:
        """Return whether a task's silence asks for something."""
        state.overdue = self._options.lifetime.overdue(state, self._options.policy, now_us)
        return state.overdue is not None
