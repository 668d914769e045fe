"""Making the exporters to a backend that speaks OTLP."""

from collections.abc import Mapping

from tasker_consumers.telemetry.export.otlp.encoder import OtlpEncoder
from tasker_consumers.telemetry.export.otlp.http import HttpTransport
from tasker_consumers.telemetry.export.otlp.log_encoder import OtlpLogEncoder
from tasker_consumers.telemetry.export.otlp.settings import GRPC, OtlpSettings
from tasker_consumers.telemetry.export.otlp.signals import LOGS
from tasker_consumers.telemetry.export.resource import resource_attributes, version
from tasker_consumers.telemetry.export.retrying import LOG_RECORDS, BackendExporter, Transport
from tasker_consumers.telemetry.logs.record import LogRecord
from tasker_consumers.telemetry.spans.span import Span


def otlp_exporter(environ: Mapping[str, str]) -> BackendExporter[Span]:
    """Return the exporter that `OTEL_EXPORTER_OTLP_*` describe; raises ConfigurationError for a wrong setting."""
    settings = OtlpSettings.from_env(environ)
    return BackendExporter(otlp_transport(settings), OtlpEncoder(resource_attributes(environ), version()))


def otlp_log_exporter(environ: Mapping[str, str]) -> BackendExporter[LogRecord]:
    """Return the exporter for log records; as `otlp_exporter`, with `OTEL_EXPORTER_OTLP_LOGS_*`."""
    encoder = OtlpLogEncoder(resource_attributes(environ), version())
    transport = otlp_transport(OtlpSettings.from_env(environ, LOGS))
    return BackendExporter(transport, encoder, nouns=LOG_RECORDS)


def otlp_transport(settings: OtlpSettings) -> Transport:
    """Return the transport for the protocol of the settings."""
    if settings.protocol != GRPC:
        return HttpTransport(settings)
    from tasker_consumers.telemetry.export.otlp.grpc import GrpcTransport  # noqa: PLC0415  gRPC is loaded for gRPC only

    return GrpcTransport(settings)
