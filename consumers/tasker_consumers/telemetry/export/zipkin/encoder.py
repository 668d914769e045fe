"""Zipkin's JSON, version 2, for backends that do not speak OTLP."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from tasker_consumers.telemetry.export.resource import resource_of
from tasker_consumers.telemetry.spans.span import CLIENT, ERROR, OK, SERVER, AttributeValue, Span, SpanEvent

_MICROSECOND = 1000  # nanoseconds
REQUEST_SPANS = 500
_ROLES = {SERVER: "SERVER", CLIENT: "CLIENT"}  # an internal span has none in Zipkin


class ZipkinEncoder:
    """Writes requests for `/api/v2/spans`; OpenTelemetry's mapping, links as tags."""

    def __init__(self, resource: Mapping[str, str]) -> None:
        """Take the attributes of the resource: its service for spans that name none, the rest as tags of every span."""
        self._resource = resource

    def requests(self, items: Sequence[Span]) -> list[tuple[bytes, Sequence[Span]]]:
        """Return requests of some hundred spans, each with the spans that are in it."""
        parts = [items[start : start + REQUEST_SPANS] for start in range(0, len(items), REQUEST_SPANS)]
        return [(orjson.dumps([self.encoded(span) for span in part]), part) for part in parts]

    def encoded(self, span: Span) -> dict[str, Any]:
        """Return a span as Zipkin's JSON values; its times are microseconds, as ours are at their source."""
        tags = resource_of(self._resource, span.service, span.version)
        service = tags.pop("service.name", "")
        tags |= {name: _text(value) for name, value in span.attributes.items()}
        if "error" in tags:  # Zipkin shows every span with this tag as failed
            tags[f"{service}.error"] = tags.pop("error")
        if span.status in (OK, ERROR):
            tags["otel.status_code"] = span.status
        if span.status == ERROR:
            tags["error"] = span.message or "true"
        for number, link in enumerate(span.links):
            tags[f"link.{number}"] = _text({"trace_id": link.trace_id, "span_id": link.span_id, **link.attributes})
        for name in ("attributes", "events", "links"):
            if dropped := getattr(span, f"dropped_{name}"):
                tags[f"otel.dropped_{name}_count"] = str(dropped)
        encoded: dict[str, Any] = {
            "traceId": span.trace_id,
            "id": span.span_id,
            "name": span.name,
            "timestamp": max(1, span.start // _MICROSECOND),
            # Zipkin knows no span of no length, and reads 0 as unknown.
            "duration": max(1, (span.end - span.start) // _MICROSECOND),
            "localEndpoint": {"serviceName": service},
            "annotations": [_annotation(event) for event in span.events],
            "tags": tags,
        }
        if span.role in _ROLES:
            encoded["kind"] = _ROLES[span.role]
        if span.parent_span_id is not None:
            encoded["parentId"] = span.parent_span_id
        return encoded


def _annotation(event: SpanEvent) -> dict[str, Any]:
    value = f'"{event.name}": {json.dumps(event.attributes)}' if event.attributes else event.name
    return {"timestamp": event.time // _MICROSECOND, "value": value}


def _text(value: AttributeValue | dict[str, Any]) -> str:
    return value if isinstance(value, str) else json.dumps(value)
