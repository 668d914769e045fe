"""Putting the telemetry group together, for whoever runs it."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from tasker_consumers.telemetry.attempt_span import SpanNames
from tasker_consumers.telemetry.exporter import Exporter
from tasker_consumers.telemetry.lifetime import Lifetime
from tasker_consumers.telemetry.processor import TelemetryProcessor
from tasker_schemas.codec import Decoder, SchemaLookup
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.topics import DEFAULT_PREFIX

SPANS_FILE = "TASKER_TELEMETRY_FILE"


class Backend(StrEnum):
    """Where spans can go."""

    OTLP = "otlp"  # as OTEL_EXPORTER_OTLP_* says
    CONSOLE = "console"
    FILE = "file"  # JSON lines, in the file that TASKER_TELEMETRY_FILE names


def build_telemetry_processor(
    exporter: Exporter,
    prefix: str = DEFAULT_PREFIX,
    *,
    lookup: SchemaLookup | None = None,
    names: SpanNames = SpanNames.TASKER,
    lifetime: Lifetime | None = None,
) -> TelemetryProcessor:
    """Return the processor of the telemetry group; `lookup` finds schemas by registry id, if there is a registry."""
    return TelemetryProcessor(prefix, Decoder(lookup), exporter, names=names, lifetime=lifetime or Lifetime())


def build_exporter(environ: Mapping[str, str], backend: Backend | None = None) -> Exporter:
    """Return the exporter for a backend; None takes the file if the environment names one, else OTLP.

    Raises ConfigurationError for a setting that cannot work.
    """
    path = environ.get(SPANS_FILE, "").strip()
    if backend is None:
        backend = Backend.FILE if path else Backend.OTLP
    if backend is Backend.CONSOLE:
        from tasker_consumers.telemetry.console import ConsoleExporter  # noqa: PLC0415  only who uses it pays for it

        return ConsoleExporter()
    if backend is Backend.FILE:
        if not path:
            raise ConfigurationError(f"{SPANS_FILE} is not set; expected the path of a file for the spans.")
        from tasker_consumers.telemetry.file_exporter import FileExporter  # noqa: PLC0415

        return FileExporter(Path(path))
    return build_otlp_exporter(environ)


def build_otlp_exporter(environ: Mapping[str, str]) -> Exporter:
    """Return an exporter for the backend that `OTEL_EXPORTER_OTLP_*` names, with `OTEL_SERVICE_NAME` and the like."""
    from tasker_consumers.telemetry.delivery import OtlpExporter, Transport  # noqa: PLC0415
    from tasker_consumers.telemetry.otlp import OtlpEncoder  # noqa: PLC0415
    from tasker_consumers.telemetry.otlp_settings import GRPC, OtlpSettings  # noqa: PLC0415
    from tasker_consumers.telemetry.resource import resource_attributes, version  # noqa: PLC0415

    settings = OtlpSettings.from_env(environ)
    transport: Transport
    if settings.protocol == GRPC:
        from tasker_consumers.telemetry.otlp_grpc import GrpcTransport  # noqa: PLC0415

        transport = GrpcTransport(settings)
    else:
        from tasker_consumers.telemetry.otlp_http import HttpTransport  # noqa: PLC0415

        transport = HttpTransport(settings)
    return OtlpExporter(transport, OtlpEncoder(resource_attributes(environ), version()))
