"""The statistics as a processor of the engine: bytes in, the fold in the middle, bytes out."""

from dataclasses import replace

from tasker_consumers.engine.processor import Effects
from tasker_consumers.stats.clocks import StateClock
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.lifetime import Lifetime
from tasker_consumers.stats.metrics import StatsMetrics
from tasker_consumers.stats.task_states import TaskStates, open_decoder
from tasker_consumers.stats.touched_tasks import deltas_of_forgotten, is_open, records_and_changes
from tasker_consumers.stats.window_index import WindowIndex
from tasker_schemas.avro.codec import Decoder, SchemaLookup
from tasker_schemas.topics import DEFAULT_PREFIX, dead_letter_topic, stats_topic, window_topic

GROUP = "stats"


class StatsProcessor(TaskStates):
    """Joins the events of each task into its statistics, and emits the statistics of each touched task."""

    gather_seconds = 0.0

    def __init__(
        self,
        prefix: str,
        decoder: Decoder,
        lifetime: Lifetime,
        clock: StateClock | None = None,
        *,
        metric_names: int,
        window_names: int,
    ) -> None:
        super().__init__(prefix, decoder, clock or StateClock())
        self.group = f"{prefix}-{GROUP}"
        self.outputs = (stats_topic(prefix), window_topic(prefix))
        self.dead_letters = dead_letter_topic(GROUP, prefix)
        #: The windows of the partitions held; HTTP questions read them.
        self.windows = self.index = WindowIndex(
            self.outputs[1], lifetime.retention_s, clock=self._clock, most_names=window_names
        )
        self._metrics = StatsMetrics(self.windows.open_tasks, self.windows.shared, metric_names)
        self.registry = self._metrics.registry
        self._lifetime = lifetime

    async def effects_of(self, partition: int, touched: dict[bytes, TaskState]) -> Effects:
        """Return the statistics of the touched tasks, and the changes of the windows."""
        records, changes = await records_and_changes(touched)
        opened = sum(is_open(state) - state.stored_open for state in touched.values())
        windows = await self.windows.change(partition, changes, opened, deltas_of_forgotten(touched))

        def written() -> None:
            windows.written()
            self._metrics.ended.count(changes)
            self._count(touched)

        return replace(windows, outputs={self.outputs[0]: records}, written=written)

    def is_due(self, state: TaskState, now_us: int) -> bool:  # noqa: ARG002  the wall clock alone must not age a state
        """Return whether a task's age changed its state."""
        self._clock.report_difference()
        state.newly_abandoned = due = self._lifetime.age(
            state, now=self._clock.now(), for_marks=self._clock.for_marks()
        )
        return due

    def _count(self, touched: dict[bytes, TaskState]) -> None:
        states = touched.values()
        self._metrics.late.inc(sum(state.late for state in states))
        self._metrics.duplicates.inc(sum(state.repeated for state in states))
        self._metrics.abandoned.inc(sum(state.newly_abandoned and is_open(state) for state in states))

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
    metric_names: int = 100,
    window_names: int = 1000,
) -> StatsProcessor:
    """Return the processor of the statistics; `lookup` finds schemas by registry id, if there is a registry.

    `metric_names` limits the task names, and the step names, that have a label of their own in the metrics, and
    `window_names` those that have windows of their own in a partition.
    """
    return StatsProcessor(
        prefix, open_decoder(lookup), lifetime or Lifetime(), metric_names=metric_names, window_names=window_names
    )
