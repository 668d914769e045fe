"""Making the exporter to Zipkin."""

from collections.abc import Mapping

from tasker_consumers.telemetry.export.resource import resource_attributes
from tasker_consumers.telemetry.export.retrying import BackendExporter
from tasker_consumers.telemetry.export.zipkin.encoder import ZipkinEncoder
from tasker_consumers.telemetry.export.zipkin.http import ZipkinSettings, ZipkinTransport
from tasker_consumers.telemetry.spans.span import Span


def zipkin_exporter(environ: Mapping[str, str]) -> BackendExporter[Span]:
    """Return the exporter that `OTEL_EXPORTER_ZIPKIN_*` describe; raises ConfigurationError for a wrong setting."""
    return BackendExporter(
        ZipkinTransport(ZipkinSettings.from_env(environ)), ZipkinEncoder(resource_attributes(environ))
    )
