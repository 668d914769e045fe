"""Metrics of the statistics, for `/metrics`: by task name and step name, for a limited number of names."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tasker_consumers.stats.core.contribution import FIRST_OUTCOME, OUTCOMES, Contribution
from tasker_consumers.stats.core.counting import Change
from tasker_consumers.stats.core.windows import STEP, TASK
from tasker_consumers.stats.window_names import OTHER

_SECOND = 1_000_000
_BOUNDS = {
    TASK: (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400),
    STEP: (0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200),
}
_BUCKETS = 11


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


@dataclass(slots=True)
class _Ended:
    """The ended tasks or steps of a name."""

    outcomes: list[int] = field(default_factory=lambda: [0] * len(OUTCOMES))
    retries: int = 0
    time: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * (_BUCKETS + 1))


class EndedCollector(Collector):
    """Counts ends, retries and durations by kind and name; each end once, however often it is delivered."""

    def __init__(self, most_names: int) -> None:
        self._most = most_names
        self._ended: dict[str, dict[str, _Ended]] = {TASK: {}, STEP: {}}
        #: How often `other` stood for a name, by kind.
        self.over_limit = dict.fromkeys((TASK, STEP), 0)
        self._bounds = {kind: [round(bound * _SECOND) for bound in bounds] for kind, bounds in _BOUNDS.items()}

    def count(self, changes: Iterable[Change]) -> None:
        """Count each end, each change of an outcome, and new retries."""
        for change in changes:
            previous, current = change.previous, change.current
            if current is not None and (previous is None or previous.rank != current.rank):
                self._count_end(change.kind, current)
            if change.retries:
                self._ended_of(change.kind, change.name).retries += change.retries

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics, for Prometheus."""
        for kind in (TASK, STEP):
            yield from self._of_kind(kind)

    def _of_kind(self, kind: str) -> Iterator[Metric]:
        label = f"{kind}_name"
        ends = CounterMetricFamily(f"tasker_stats_{kind}s_ended", _ENDED.format(kind), labels=[label, "outcome"])
        lasted = HistogramMetricFamily(f"tasker_stats_{kind}_duration_seconds", _LASTED[kind], labels=[label])
        retries = CounterMetricFamily("tasker_stats_step_retries", "Attempts beyond the first.", labels=[label])
        for name, ended in self._ended[kind].items():
            for rank, outcome in OUTCOMES.items():
                ends.add_metric([name, outcome], ended.outcomes[rank - FIRST_OUTCOME])
            lasted.add_metric([name], self._buckets(kind, ended), ended.time / _SECOND)
            retries.add_metric([name], ended.retries)
        yield from (ends, lasted, retries) if kind == STEP else (ends, lasted)

    def _buckets(self, kind: str, ended: _Ended) -> list[tuple[str, float]]:
        bounds = [*(str(float(bound)) for bound in _BOUNDS[kind]), "+Inf"]
        return list(zip(bounds, accumulate(ended.buckets), strict=True))

    def _count_end(self, kind: str, part: Contribution) -> None:
        ended = self._ended_of(kind, part.name)
        ended.outcomes[part.rank - FIRST_OUTCOME] += 1
        if part.duration is not None:
            ended.time += part.duration
            ended.buckets[bisect_left(self._bounds[kind], part.duration)] += 1

    def _ended_of(self, kind: str, name: str) -> _Ended:
        names = self._ended[kind]
        ended = names.get(name)
        if ended is None:
            if len(names) >= self._most:
                self.over_limit[kind] += 1
                name = OTHER
            ended = names.setdefault(name, _Ended())
        return ended


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
        self.ended = EndedCollector(most_names)
        self.registry.register(self.ended)
        self.registry.register(CountsByKind("tasker_stats_names_over_limit", _OVER_LIMIT, self.ended.over_limit))
        self.registry.register(CountsByKind("tasker_stats_window_names_over_limit", _SHARED, shared))
        Gauge("tasker_stats_open_tasks", _OPEN, registry=self.registry).set_function(open_tasks)
        self.abandoned = Counter("tasker_stats_tasks_abandoned", _ABANDONED, registry=self.registry)
        self.late = Counter("tasker_stats_late_events", _LATE, registry=self.registry)
        self.duplicates = Counter("tasker_stats_duplicate_events", _DUPLICATES, registry=self.registry)
