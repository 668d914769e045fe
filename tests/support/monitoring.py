"""The metrics that a worker shows, as Prometheus reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from tasker_consumers.engine.metrics import EngineMetrics
from tasker_consumers.stats.metrics import StatsMetrics
from tasker_consumers.store.worker.metrics import StoreMetrics
from tasker_consumers.telemetry.metrics.group_metrics import GroupMetrics
from tasker_consumers.telemetry.metrics.task_metrics import PrometheusInstruments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric

_SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "gauge": [""]}
_NAME = re.compile(r"\b(?:tasker_[a-z_]+|process_[a-z_]+|up|kube_[a-z_]+|kubelet_[a-z_]+)\b(?=[{\[\s)]|$)")


def metrics_of_workers() -> set[str]:
    """Return the name of every series that a worker of any group may show."""
    registry = CollectorRegistry()
    GroupMetrics(registry)
    PrometheusInstruments(registry)
    stats = StatsMetrics(lambda: 0.0, {}, 0)
    metrics: Iterable[Metric] = [
        *EngineMetrics(registry).registry.collect(),
        *stats.registry.collect(),
        *StoreMetrics().registry.collect(),
    ]
    return {metric.name + suffix for metric in metrics for suffix in _SUFFIXES[metric.type]}


def metrics_in(expression: str) -> set[str]:
    """Return the name of every series that an expression of PromQL asks for."""
    return set(_NAME.findall(re.sub(r"\b(?:by|on) \([^)]*\)", "", expression)))
