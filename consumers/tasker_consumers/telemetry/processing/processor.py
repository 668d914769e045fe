"""The telemetry group as a processor of the engine: events in, the fold in the middle, spans to the exporter."""

import time
from collections.abc import Callable
from dataclasses import replace

from tasker_consumers.engine.processor import Effects
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.metrics.open_spans import OpenSpans
from tasker_consumers.telemetry.options import GROUP, TelemetryOptions
from tasker_consumers.telemetry.processing.ended_spans import ended_spans, wake_times
from tasker_consumers.telemetry.processing.senders import Senders
from tasker_consumers.telemetry.processing.task_states import Decode, TaskStates
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
        self, prefix: str, decode: Decode, senders: Senders, options: TelemetryOptions, clock: Clock = _wall_clock
    ) -> None:
        super().__init__(decode, senders.metrics.outside.inc)
        self.group = f"{prefix}-{options.group}"
        self.sources = event_topics(prefix)
        self.dead_letters = dead_letter_topic(GROUP, prefix)
        self._senders = senders
        self._options = options
        self._clock = clock
        #: The group's own numbers, and those of the tasks, for whoever serves `/metrics`.
        self.registry = options.registry
        #: Spans that are open in the partitions held.
        self.index = OpenSpans()
        senders.metrics.show_open(lambda: self.index.total)
        self.start, self.stop, self.ready = senders.start, senders.stop, senders.ready

    async def effects_of(self, partition: int, touched: dict[bytes, TaskState]) -> Effects:
        """Export new events and the spans that ended; returns when the backends have taken or refused each of them."""
        now_us, policy = self._clock(), self._options.policy
        await self._senders.send_events(touched.values(), now_us)
        tasks = {key: state for key, state in touched.items() if not state.is_outside}
        await self._senders.send_spans(await ended_spans(tasks, policy, now_us, self._senders.metrics.late.inc))
        return replace(self.index.change(partition, tasks.values()), timers=wake_times(tasks, policy))

    def is_due(self, state: TaskState, now_us: int) -> bool:
        """Return whether a task's silence asks for something."""
        state.overdue = self._options.lifetime.overdue(state, self._options.policy, now_us)
        return state.overdue is not None
