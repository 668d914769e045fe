"""A run as OTLP/JSON: the request that the telemetry group exports, as JSON that backends and tools import."""

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tasker_consumers.telemetry.export.otlp.encoder import OtlpEncoder
from tasker_consumers.telemetry.export.resource import resource_attributes, version
from tasker_consumers.telemetry.spans.span import Span

_IDS = ("traceId", "spanId", "parentSpanId")


def otlp_json(spans: Sequence[Span], environ: Mapping[str, str]) -> dict[str, Any]:
    """Return an `ExportTraceServiceRequest` as values of JSON: ids in hex, enums as numbers (OTLP 1.x, JSON encoding).

    Raises ConfigurationError for resource attributes that are not `name=value` pairs.
    """
    request = ExportTraceServiceRequest()
    for data, _ in OtlpEncoder(resource_attributes(environ), version()).requests(spans):
        request.MergeFromString(data)
    document: dict[str, Any] = MessageToDict(request, use_integers_for_enums=True)
    for resource in document.get("resourceSpans", ()):
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                _hex_ids([span, *span.get("links", ())])
    return document


def _hex_ids(holders: Iterable[dict[str, Any]]) -> None:
    """Replace the ids, which protobuf's JSON has in base64."""
    for holder in holders:
        for name in _IDS:
            if name in holder:
                holder[name] = b64decode(holder[name]).hex()
