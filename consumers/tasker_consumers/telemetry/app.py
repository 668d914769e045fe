"""Putting the telemetry group together, for whoever runs it."""

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from prometheus_client import CollectorRegistry

from tasker_consumers.telemetry.core.event import span_decoder
from tasker_consumers.telemetry.export.dead_spans import DeadSpans
from tasker_consumers.telemetry.export.exporter import Exporter
from tasker_consumers.telemetry.export.sanitize import Finisher
from tasker_consumers.telemetry.lifetime import Lifetime
from tasker_consumers.telemetry.metrics.otel_metrics import meter_name, otlp_meter_provider
from tasker_consumers.telemetry.metrics.task_metrics import OtelInstruments, PrometheusInstruments, TaskMetrics
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.processor import GROUP, Rules, TelemetryProcessor
from tasker_consumers.telemetry.spans.attempt_span import SpanNames
from tasker_consumers.telemetry.variables import with_files
from tasker_producer.settings import kafka_config
from tasker_schemas.avro.codec import SchemaLookup
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.topics import DEFAULT_PREFIX, dead_letter_topic

SPANS_FILE = "TASKER_TELEMETRY_FILE"
TRACES_EXPORTER = "OTEL_TRACES_EXPORTER"
GROUP_NAME = "TASKER_TELEMETRY_GROUP"


class Backend(StrEnum):
    """Where spans can go."""

    OTLP = "otlp"  # as OTEL_EXPORTER_OTLP_* says
    ZIPKIN = "zipkin"  # as OTEL_EXPORTER_ZIPKIN_* says
    CONSOLE = "console"
    FILE = "file"  # JSON lines, in the file that TASKER_TELEMETRY_FILE names


def build_telemetry_processor(
    exporter: Exporter,
    prefix: str = DEFAULT_PREFIX,
    *,
    lookup: SchemaLookup | None = None,
    names: SpanNames = SpanNames.TASKER,
    lifetime: Lifetime | None = None,
    environ: Mapping[str, str] = os.environ,
) -> TelemetryProcessor:
    """Return the processor of the telemetry group; `lookup` finds schemas by registry id, if there is a registry.

    The environment says the rest: `TASKER_TELEMETRY_*`, `TASKER_FILTER_*`, OpenTelemetry's limits for spans, and in
    `KAFKA_*` where refused spans are put aside. Raises ConfigurationError for a value that cannot work.
    """
    environ = with_files(environ)
    registry = CollectorRegistry()
    rules = Rules(
        group=_group(environ),
        policy=Policy.from_env(environ, names),
        lifetime=lifetime or Lifetime(),
        finisher=Finisher.from_env(environ),
        refused=DeadSpans(kafka_config(environ), dead_letter_topic(GROUP, prefix)).put,
        tasks=_task_metrics(environ, registry),
        registry=registry,
    )
    return TelemetryProcessor(prefix, span_decoder(lookup), exporter, rules)


def build_exporter(environ: Mapping[str, str], backend: Backend | None = None) -> Exporter:
    """Return the exporter for a backend; None takes the file if the environment names one, else OTEL_TRACES_EXPORTER.

    Raises ConfigurationError for a setting that cannot work.
    """
    environ = with_files(environ)
    path = environ.get(SPANS_FILE, "").strip()
    if backend is None:
        backend = Backend.FILE if path else _named_backend(environ)
    if backend is Backend.CONSOLE:
        from tasker_consumers.telemetry.export.console import ConsoleExporter  # noqa: PLC0415  only who uses it pays for it

        return ConsoleExporter()
    if backend is Backend.FILE:
        if not path:
            raise ConfigurationError(f"{SPANS_FILE} is not set; expected the path of a file for the spans.")
        from tasker_consumers.telemetry.export.file_exporter import FileExporter  # noqa: PLC0415

        return FileExporter(Path(path))
    return _zipkin_exporter(environ) if backend is Backend.ZIPKIN else _otlp_exporter(environ)


def _task_metrics(environ: Mapping[str, str], registry: CollectorRegistry) -> TaskMetrics:
    provider = otlp_meter_provider(environ)
    if provider is None:
        return TaskMetrics(PrometheusInstruments(registry))
    instruments = PrometheusInstruments(registry), OtelInstruments(provider.get_meter(*meter_name()))
    return TaskMetrics(*instruments, close=provider.shutdown)


def _named_backend(environ: Mapping[str, str]) -> Backend:
    name = environ.get(TRACES_EXPORTER, "").strip() or Backend.OTLP
    if name not in set(Backend):
        raise ConfigurationError(f"{TRACES_EXPORTER} is {name!r}; expected one of {', '.join(Backend)}.")
    return Backend(name)


def _group(environ: Mapping[str, str]) -> str:
    """Return the name of the consumer group: one for each backend, so that each has its own progress."""
    name = environ.get(GROUP_NAME, "").strip() or GROUP
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name):
        raise ConfigurationError(f"{GROUP_NAME} is {name!r}; expected letters, digits, dots, dashes and underscores.")
    return name


def _zipkin_exporter(environ: Mapping[str, str]) -> Exporter:
    from tasker_consumers.telemetry.export.resource import resource_attributes  # noqa: PLC0415
    from tasker_consumers.telemetry.export.retrying import BackendExporter  # noqa: PLC0415
    from tasker_consumers.telemetry.export.zipkin import ZipkinEncoder  # noqa: PLC0415
    from tasker_consumers.telemetry.export.zipkin_http import ZipkinSettings, ZipkinTransport  # noqa: PLC0415

    encoder = ZipkinEncoder(resource_attributes(environ)["service.name"])
    return BackendExporter(ZipkinTransport(ZipkinSettings.from_env(environ)), encoder)


def _otlp_exporter(environ: Mapping[str, str]) -> Exporter:
    from tasker_consumers.telemetry.export.otlp import OtlpEncoder  # noqa: PLC0415
    from tasker_consumers.telemetry.export.otlp_settings import GRPC, OtlpSettings  # noqa: PLC0415
    from tasker_consumers.telemetry.export.resource import resource_attributes, version  # noqa: PLC0415
    from tasker_consumers.telemetry.export.retrying import BackendExporter, Transport  # noqa: PLC0415

    settings = OtlpSettings.from_env(environ)
    transport: Transport
    if settings.protocol == GRPC:
        from tasker_consumers.telemetry.export.otlp_grpc import GrpcTransport  # noqa: PLC0415

        transport = GrpcTransport(settings)
    else:
        from tasker_consumers.telemetry.export.otlp_http import HttpTransport  # noqa: PLC0415

        transport = HttpTransport(settings)
    return BackendExporter(transport, OtlpEncoder(resource_attributes(environ), version()))
