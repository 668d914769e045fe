"""OpenTelemetry metrics over OTLP, as its own variables say."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from tasker_consumers.telemetry.export.otlp.settings import read_headers
from tasker_consumers.telemetry.export.resource import resource_attributes, version
from tasker_schemas import environment
from tasker_schemas.errors import ConfigurationError

_EXPORTER = "OTEL_METRICS_EXPORTER"


def otlp_meter_provider(environ: Mapping[str, str]) -> MeterProvider | None:
    """Return a provider that exports over OTLP if `OTEL_METRICS_EXPORTER` asks for it, else None.

    Its exporter reads `OTEL_EXPORTER_OTLP_*` from the process's environment, all but its headers: they may come from a
    file. Trouble with the backend is logged, and
    touches nothing else.
    """
    exporter = environment.text(environ, _EXPORTER) or "none"
    if exporter not in ("otlp", "none"):
        raise ConfigurationError(f"{_EXPORTER} is {exporter!r}; expected otlp or none (Prometheus is always served).")
    if exporter == "none":
        return None
    resource = Resource(dict[str, Any](resource_attributes(environ)))
    return MeterProvider([PeriodicExportingMetricReader(metric_exporter(environ))], resource, shutdown_on_exit=False)


def metric_exporter(environ: Mapping[str, str]) -> MetricExporter:
    """Return OpenTelemetry's own exporter for metrics over the protocol that the variables name."""
    headers = read_headers(*_metrics_variable(environ, "HEADERS"))
    if _metrics_variable(environ, "PROTOCOL")[1] == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (  # noqa: PLC0415  only who uses it pays
            OTLPMetricExporter as GrpcExporter,
        )

        return GrpcExporter(headers=headers or None)
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415
        OTLPMetricExporter as HttpExporter,
    )

    return HttpExporter(headers=headers or None)


def _metrics_variable(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return the variable that counts for metrics, and its value."""
    specific = f"OTEL_EXPORTER_OTLP_METRICS_{name}"
    variable = specific if environment.text(environ, specific) else f"OTEL_EXPORTER_OTLP_{name}"
    return variable, environment.text(environ, variable) or ""


def meter_name() -> tuple[str, str]:
    """Return name and version of the meter."""
    return "tasker_consumers.telemetry", version()
