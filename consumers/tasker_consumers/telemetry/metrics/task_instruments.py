"""Where the measurements of tasks go: to Prometheus always, over OTLP when the environment asks for it."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry

from tasker_consumers.telemetry.metrics.otel_metrics import meter_name, otlp_meter_provider
from tasker_consumers.telemetry.metrics.task_metrics import OtelInstruments, PrometheusInstruments, TaskMetrics


def task_metrics(environ: Mapping[str, str], registry: CollectorRegistry) -> TaskMetrics:
    """Return the measurements of tasks; raises ConfigurationError for an exporter of metrics that is not known."""
    provider = otlp_meter_provider(environ)
    if provider is None:
        return TaskMetrics(PrometheusInstruments(registry))
    instruments = PrometheusInstruments(registry), OtelInstruments(provider.get_meter(*meter_name()))
    return TaskMetrics(*instruments, close=provider.shutdown)
