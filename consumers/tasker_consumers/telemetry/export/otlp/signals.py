"""The two signals that are sent over OTLP: where each differs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal's names in variables, in URLs and in gRPC."""

    variable: str  # between OTEL_EXPORTER_OTLP_ and the name of a setting
    path: str  # after the endpoint of all signals
    method: str


TRACES = Signal("TRACES", "/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export")
LOGS = Signal("LOGS", "/v1/logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export")
