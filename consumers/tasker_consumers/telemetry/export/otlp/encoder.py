"""Spans as OTLP requests for traces, in bytes."""

from collections.abc import Callable
from functools import lru_cache
from struct import Struct

from tasker_consumers.telemetry.export.otlp.requests import ITEM, RequestEncoder, ResourceAttributes
from tasker_consumers.telemetry.export.protobuf import attributes, field, text, varint
from tasker_consumers.telemetry.spans.span import ERROR, OK, UNSET, Link, Span, SpanEvent
from tasker_schemas.extensions import compiled_or

_FIXED64 = Struct("<Q").pack
_TIMES = Struct("<BQBQ").pack  # start and end with their tags
_FLAGS = Struct("<BBI").pack
_STATUS = {UNSET: b"", OK: b"\x18\x01", ERROR: b"\x18\x02"}
_WITHOUT_MESSAGE = {code: field(b"\x7a", content) for code, content in _STATUS.items()}
_ROLES = [b"\x30" + bytes((number,)) for number in range(6)]  # OTLP's word for the role is kind


class OtlpEncoder(RequestEncoder[Span]):
    """Writes requests for the export of spans; `resource` holds the attributes of all of them."""

    def __init__(self, resource: ResourceAttributes, scope_version: str) -> None:
        super().__init__(resource, scope_version, encode_span)


def python_span(span: Span) -> bytes:
    """Return the bytes of `encode_span`, from Python sources."""
    parent = span.parent_span_id
    parts = [
        b"\x0a\x10" + bytes.fromhex(span.trace_id) + b"\x12\x08" + bytes.fromhex(span.span_id),
        text(b"\x1a", span.tracestate) if span.tracestate else b"",
        b"\x22\x08" + bytes.fromhex(parent) if parent else b"",
        _name(span.name),
        _ROLES[span.role],
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
    return field(ITEM, b"".join(parts))


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


#: Returns the field of a span among those of its scope.
encode_span: Callable[[Span], bytes] = compiled_or(
    "tasker_consumers.telemetry.export.otlp._encoder_c", "native_span", python_span
)
