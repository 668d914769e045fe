"""Spans as an OTLP request for traces, in bytes."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from struct import Struct

from tasker_consumers.telemetry.export.protobuf import attributes, field, text, varint
from tasker_consumers.telemetry.export.resource import resource_of
from tasker_consumers.telemetry.spans.span import ERROR, OK, UNSET, Link, Span, SpanEvent

_FIXED64 = Struct("<Q").pack
_TIMES = Struct("<BQBQ").pack  # start and end with their tags
_FLAGS = Struct("<BBI").pack
_STATUS = {UNSET: b"", OK: b"\x18\x01", ERROR: b"\x18\x02"}
_WITHOUT_MESSAGE = {code: field(b"\x7a", content) for code, content in _STATUS.items()}
_INTERNAL = b"\x30\x01"  # the kind of every span of ours

REQUEST_BYTES = 1 << 20  # gRPC servers take 4 MiB unless told otherwise

_MAX_RESOURCES = 1000

ResourceAttributes = Mapping[str, str]
Service = tuple[str, str]
"""Name and version of the service that a span's events name, empty where they name none."""


class OtlpEncoder:
    """Writes export requests; keeps the parts that are the same in all requests.

    `resource` holds the attributes of all spans. The service that a span's events name replaces `service.name`, and
    their version replaces `service.version`: two versions of a service are two resources.
    """

    def __init__(self, resource: ResourceAttributes, scope_version: str) -> None:
        self._resource = dict(resource)
        self._scope = field(b"\x0a", text(b"\x0a", "tasker_consumers.telemetry") + text(b"\x12", scope_version))
        self._resources: dict[Service, bytes] = {}

    def requests(self, spans: Sequence[Span], limit: int = REQUEST_BYTES) -> Iterator[tuple[bytes, Sequence[Span]]]:
        """Yield requests of about `limit` bytes, each with the spans that are in it."""
        start, size, by_service = 0, 0, dict[Service, list[bytes]]()
        for position, span in enumerate(spans):
            encoded = field(b"\x12", encode_span(span))
            if size and size + len(encoded) > limit:
                yield self._request(by_service), spans[start:position]
                start, size, by_service = position, 0, {}
            size += len(encoded)
            by_service.setdefault((span.service, span.version), []).append(encoded)
        if by_service:
            yield self._request(by_service), spans[start:]

    def _request(self, by_service: Mapping[Service, list[bytes]]) -> bytes:
        """Return an `ExportTraceServiceRequest`: a resource for each service."""
        return b"".join(
            field(b"\x0a", self._resource_of(service) + field(b"\x12", self._scope + b"".join(encoded)))
            for service, encoded in by_service.items()
        )

    def _resource_of(self, service: Service) -> bytes:
        encoded = self._resources.get(service)
        if encoded is None:
            if len(self._resources) >= _MAX_RESOURCES:  # a name made of an id must not fill the memory
                self._resources.clear()
            encoded = self._resources[service] = field(
                b"\x0a", attributes(b"\x0a", resource_of(self._resource, *service))
            )
        return encoded


def encode_span(span: Span) -> bytes:
    """Return the content of a `Span` message."""
    parent = span.parent_span_id
    parts = [
        b"\x0a\x10" + bytes.fromhex(span.trace_id) + b"\x12\x08" + bytes.fromhex(span.span_id),
        text(b"\x1a", span.tracestate) if span.tracestate else b"",
        b"\x22\x08" + bytes.fromhex(parent) if parent else b"",
        _name(span.name),
        _INTERNAL,
        _TIMES(0x39, span.start, 0x41, span.end),
        attributes(b"\x4a", span.attributes),
        b"\x50" + varint(span.dropped_attributes) if span.dropped_attributes else b"",
        b"".join([field(b"\x5a", _event(event)) for event in span.events]),
        b"\x60" + varint(span.dropped_events) if span.dropped_events else b"",
        b"".join([field(b"\x6a", _link(link)) for link in span.links]),
        b"\x70" + varint(span.dropped_links) if span.dropped_links else b"",
        _status(span.status, span.message),
        _FLAGS(0x85, 0x01, span.flags),
    ]
    return b"".join(parts)


def _event(event: SpanEvent) -> bytes:
    dropped = b"\x20" + varint(event.dropped_attributes) if event.dropped_attributes else b""
    return b"\x09" + _FIXED64(event.time) + _name_of_event(event.name) + attributes(b"\x1a", event.attributes) + dropped


def _link(link: Link) -> bytes:
    ids = b"\x0a\x10" + bytes.fromhex(link.trace_id) + b"\x12\x08" + bytes.fromhex(link.span_id)
    dropped = b"\x28" + varint(link.dropped_attributes) if link.dropped_attributes else b""
    return ids + attributes(b"\x22", link.attributes) + dropped


def _status(code: str, message: str) -> bytes:
    return field(b"\x7a", text(b"\x12", message) + _STATUS[code]) if message else _WITHOUT_MESSAGE[code]


@lru_cache(maxsize=1024)
def _name(name: str) -> bytes:
    return text(b"\x2a", name)


@lru_cache(maxsize=1024)
def _name_of_event(name: str) -> bytes:
    return text(b"\x12", name)
