"""Metrics of the statistics, for `/metrics`: by task name and step name, for a limited number of names."""

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tasker_consumers.stats.core.contribution import FIRST_OUTCOME, OUTCOMES
from tasker_consumers.stats.core.windows import STEP, TASK
from tasker_consumers.stats.ended_counts import BOUNDS, Ended, EndedCounts

_SECOND = 1_000_000
_ENDED = "{0}s that ended, by how; one that ends otherwise after all, such as after a retry, is counted again."
_LASTED = {
    TASK: "From a task's start to its end.",
    STEP: "From the start of a step's first attempt to the end of its last.",
}
_OVER_LIMIT = "How often the label `other` stood for a name that came after the limit (TASKER_STATS_METRIC_NAMES)."
_SHARED = "How often a batch counted a name in the windows of `other`, after the limit (TASKER_STATS_WINDOW_NAMES)."
_OPEN = "Tasks that are not over, in the partitions held; abandoned ones among them."
_ABANDONED = "Tasks that were given up for their silence."
_LATE = (
    "New events that happened before an event of their task which was already known, and events of steps whose settled "
    "task was shrunk to its results."
)
_DUPLICATES = "Events that were already known."


class EndedCollector(Collector):
    """Shows the counts of what ended."""

    def __init__(self, counts: EndedCounts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics, for Prometheus."""
        for kind in (TASK, STEP):
            yield from self._of_kind(kind)

    def _of_kind(self, kind: str) -> Iterator[Metric]:
        label = f"{kind}_name"
        ends = CounterMetricFamily(f"tasker_stats_{kind}s_ended", _ENDED.format(kind), labels=[label, "outcome"])
        lasted = HistogramMetricFamily(f"tasker_stats_{kind}_duration_seconds", _LASTED[kind], labels=[label])
        retries = CounterMetricFamily("tasker_stats_step_retries", "Attempts beyond the first.", labels=[label])
        for name, ended in self._counts.ended[kind].items():
            for rank, outcome in OUTCOMES.items():
                ends.add_metric([name, outcome], ended.outcomes[rank - FIRST_OUTCOME])
            lasted.add_metric([name], self._buckets(kind, ended), ended.time / _SECOND)
            retries.add_metric([name], ended.retries)
        yield from (ends, lasted, retries) if kind == STEP else (ends, lasted)

    def _buckets(self, kind: str, ended: Ended) -> list[tuple[str, float]]:
        bounds = [*(str(float(bound)) for bound in BOUNDS[kind]), "+Inf"]
        return list(zip(bounds, accumulate(ended.buckets), strict=True))


class CountsByKind(Collector):
    """A counter by kind, of counts that others keep."""

    def __init__(self, name: str, documentation: str, counts: Mapping[str, int]) -> None:
        self._name, self._documentation, self._counts = name, documentation, counts

    def collect(self) -> Iterator[Metric]:
        """Yield the counter, for Prometheus."""
        family = CounterMetricFamily(self._name, self._documentation, labels=["kind"])
        for kind, count in self._counts.items():
            family.add_metric([kind], count)
        yield family


class StatsMetrics:
    """The metrics of a worker's statistics, in a separate registry.

    `shared` counts by kind how often the windows of `other` took a task or step.
    """

    def __init__(self, open_tasks: Callable[[], float], shared: Mapping[str, int], most_names: int) -> None:
        self.registry = CollectorRegistry()
        self.ended = EndedCounts(most_names)
        self.registry.register(EndedCollector(self.ended))
        self.registry.register(CountsByKind("tasker_stats_names_over_limit", _OVER_LIMIT, self.ended.over_limit))
        self.registry.register(CountsByKind("tasker_stats_window_names_over_limit", _SHARED, shared))
        Gauge("tasker_stats_open_tasks", _OPEN, registry=self.registry).set_function(open_tasks)
        self.abandoned = Counter("tasker_stats_tasks_abandoned", _ABANDONED, registry=self.registry)
        self.late = Counter("tasker_stats_late_events", _LATE, registry=self.registry)
        self.duplicates = Counter("tasker_stats_duplicate_events", _DUPLICATES, registry=self.registry)
