"""Spans and log records as they are on the wire, read back as ours with OpenTelemetry's own classes."""

from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as WireRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from tasker_consumers.telemetry.logs.record import LogRecord
from tasker_consumers.telemetry.spans.span import ERROR, OK, UNSET, Link, Span, SpanEvent

_STATUS = {0: UNSET, 1: OK, 2: ERROR}


def span_of(wire: WireSpan, service: str = "") -> Span:
    """Return a span of a resource that names this service; an unknown status is called so."""
    return Span(
        trace_id=wire.trace_id.hex(),
        span_id=wire.span_id.hex(),
        parent_span_id=wire.parent_span_id.hex() or None,
        name=wire.name,
        start=wire.start_time_unix_nano,
        end=wire.end_time_unix_nano,
        status=_STATUS.get(wire.status.code, "unknown"),
        message=wire.status.message,
        attributes=attributes_of(wire),
        events=[SpanEvent(e.time_unix_nano, e.name, attributes_of(e), e.dropped_attributes_count) for e in wire.events],
        links=[
            Link(k.trace_id.hex(), k.span_id.hex(), attributes_of(k), k.dropped_attributes_count) for k in wire.links
        ],
        service=service,
        flags=wire.flags,
        tracestate=wire.trace_state,
        dropped_attributes=wire.dropped_attributes_count,
        dropped_events=wire.dropped_events_count,
        dropped_links=wire.dropped_links_count,
        role=wire.kind,
    )


def record_of(wire: WireRecord, service: str = "") -> LogRecord:
    """Return a log record of a resource that names this service."""
    return LogRecord(
        trace_id=wire.trace_id.hex(),
        span_id=wire.span_id.hex(),
        time=wire.time_unix_nano,
        observed=wire.observed_time_unix_nano,
        severity=wire.severity_number,
        event_name=wire.event_name,
        body=wire.body.string_value,
        attributes=attributes_of(wire),
        service=service,
        version="",
        flags=wire.flags,
        dropped_attributes=wire.dropped_attributes_count,
    )


def attributes_of(found: WireSpan | WireSpan.Event | WireSpan.Link | WireRecord | Resource) -> dict[str, Any]:
    """Return attributes as Python values."""
    return {attribute.key: _value(attribute.value) for attribute in found.attributes}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None
