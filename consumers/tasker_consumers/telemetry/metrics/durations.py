"""A histogram of durations for Prometheus: the samples of its client's `Histogram`, for a fifth of the time.

The client locks twice and walks through the buckets for each duration, of which there is one for each span.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import Exemplar, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from tasker_consumers.telemetry.spans.span import Span

#: Upper bounds of the buckets, in seconds.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
_BUCKETS: tuple[str, ...] = tuple(map(floatToGoString, (*SECONDS, float("inf"))))


@dataclass(slots=True)
class _Series:
    """The durations with the same labels."""

    counts: list[int] = field(default_factory=lambda: [0] * len(_BUCKETS))
    seconds: float = 0.0
    exemplars: dict[int, Exemplar] = field(default_factory=dict)  # by bucket

    def buckets(self) -> list[tuple[str, float] | tuple[str, float, Exemplar]]:
        """Return for each bound how many durations are up to there, with an exemplar of the last bucket of them."""
        found: list[tuple[str, float] | tuple[str, float, Exemplar]] = []
        for number, (bound, total) in enumerate(zip(_BUCKETS, accumulate(self.counts), strict=True)):
            exemplar = self.exemplars.get(number)
            found.append((bound, total) if exemplar is None else (bound, total, exemplar))
        return found


class Durations(Collector):
    """Counts durations by the values of some labels; one thread observes, and any may collect."""

    def __init__(self, name: str, text: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._name, self._text, self._labels = name, text, tuple(labels)
        self._series: dict[tuple[str, ...], _Series] = {}
        registry.register(self)

    def observe(self, values: tuple[str, ...], seconds: float, exemplar: Span | None = None) -> None:
        """Count a duration; an exemplar is a span that took so long."""
        series = self._series.get(values)
        if series is None:
            series = self._series[values] = _Series()
        bucket = bisect_left(SECONDS, seconds)
        series.counts[bucket] += 1
        series.seconds += seconds
        if exemplar is not None:
            ids = {"trace_id": exemplar.trace_id, "span_id": exemplar.span_id}
            series.exemplars[bucket] = Exemplar(ids, seconds, time.time())

    def describe(self) -> Iterable[Metric]:
        """Return the metric without samples: the registry wants to know its name."""
        return [HistogramMetricFamily(self._name, self._text, labels=self._labels)]

    def collect(self) -> Iterable[Metric]:
        """Return the metric with the counts of each bucket and all before it."""
        family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        for values, series in list(self._series.items()):
            family.add_metric(values, series.buckets(), series.seconds)
        return [family]
