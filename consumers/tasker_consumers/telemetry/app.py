"""Putting the telemetry group together, for whoever runs it."""

import os
from collections.abc import Mapping

from tasker_consumers.telemetry.core.event import span_decoder
from tasker_consumers.telemetry.export.backends import Backend, SpanExporter, exporter_of
from tasker_consumers.telemetry.lifetime import Lifetime
from tasker_consumers.telemetry.options import TelemetryOptions
from tasker_consumers.telemetry.processing.processor import TelemetryProcessor
from tasker_consumers.telemetry.processing.senders import senders_of
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.variables import with_files
from tasker_schemas.avro.codec import SchemaLookup
from tasker_schemas.topics import DEFAULT_PREFIX

__all__ = ["Backend", "build_exporter", "build_telemetry_processor"]


def build_telemetry_processor(
    exporter: SpanExporter,
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
    options = TelemetryOptions.from_env(environ, prefix, names, lifetime or Lifetime())
    senders = senders_of(exporter, prefix, options, environ)
    return TelemetryProcessor(prefix, span_decoder(lookup).decode, senders, options)


def build_exporter(environ: Mapping[str, str], backend: Backend | None = None) -> SpanExporter:
    """Return the exporter for a backend; None takes the file if the environment names it, else OTEL_TRACES_EXPORTER.

    Raises ConfigurationError for a setting that cannot work.
    """
    return exporter_of(with_files(environ), backend)
