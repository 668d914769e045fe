"""OpenTelemetry metrics over OTLP, as its own variables say."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from tasker_consumers.telemetry.export.resource import resource_attributes, version
from tasker_schemas.errors import ConfigurationError

_EXPORTER = "OTEL_METRICS_EXPORTER"


def otlp_meter_provider(environ: Mapping[str, str]) -> MeterProvider | None:
    """Return a provider that exports over OTLP if `OTEL_METRICS_EXPORTER` asks for it, else None.

    Its exporter reads `OTEL_EXPORTER_OTLP_*` from the process's environment. Trouble with the backend is logged, and
    touches nothing else.
    """
    wanted = environ.get(_EXPORTER, "").strip() or "none"
    if wanted not in ("otlp", "none"):
        raise ConfigurationError(f"{_EXPORTER} is {wanted!r}; expected otlp or none (Prometheus is always served).")
    if wanted == "none":
        return None
    resource = Resource(dict[str, Any](resource_attributes(environ)))
    return MeterProvider([PeriodicExportingMetricReader(_exporter(environ))], resource, shutdown_on_exit=False)


def _exporter(environ: Mapping[str, str]) -> MetricExporter:
    names = ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    protocol = next((text for name in names if (text := environ.get(name, "").strip())), "http/protobuf")
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (  # noqa: PLC0415  only who uses it pays
            OTLPMetricExporter as GrpcExporter,
        )

        return GrpcExporter()
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415
        OTLPMetricExporter as HttpExporter,
    )

    return HttpExporter()


def meter_name() -> tuple[str, str]:
    """Return name and version of the meter."""
    return "tasker_consumers.telemetry", version()
