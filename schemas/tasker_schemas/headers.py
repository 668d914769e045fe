"""The headers of a record: W3C trace context, the parent's context, CloudEvents 1.0, replay marks.

`traceparent` is the context *of the span the event belongs to*, `tasker-parent` that of the span above it; a root has
none. Tools filter on the `ce_` headers without decoding the value. What is malformed counts as absent: an event is
never lost for its headers.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
BAGGAGE = "baggage"
PARENT = "tasker-parent"
CE_SPECVERSION = "ce_specversion"
CE_ID = "ce_id"
CE_TYPE = "ce_type"
CE_SOURCE = "ce_source"
CE_SUBJECT = "ce_subject"
CE_TIME = "ce_time"  # the event's own time, RFC 3339
CONTENT_TYPE = "content-type"
REPLAY = "tasker-replay"
ORIGIN = "tasker-origin"

MAX_HEADER_BYTES = 8192  # W3C asks for 512 bytes of tracestate, and baggage has at most 8192

Header = tuple[str, bytes]

# No version ff, nothing after the flags in version 00, no ids of zeros.
_TRACEPARENT = re.compile(rb"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
SAMPLED = 0x01


class SpanRef(NamedTuple):
    """A span of some trace: 32 and 16 lower-case hex digits, and the flags of its context."""

    trace_id: str
    span_id: str
    flags: int = SAMPLED

    @property
    def sampled(self) -> bool:
        """Whether the caller wants this trace recorded."""
        return bool(self.flags & SAMPLED)


class TraceHeaders(NamedTuple):
    """What the headers of one event say about its place in a trace."""

    span: SpanRef | None = None
    parent: SpanRef | None = None
    tracestate: str = ""
    baggage: str = ""


def read_traceparent(value: bytes | None) -> SpanRef | None:
    """Read a W3C trace context header; a malformed one counts as none (Trace Context 2, section 3.2).

    >>> read_traceparent(b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01").sampled
    True
    >>> read_traceparent(b"no trace") is None
    True
    """
    if not value or _TRACEPARENT.fullmatch(value) is None:
        return None
    return SpanRef(value[3:35].decode(), value[36:52].decode(), int(value[53:55], 16))


def write_traceparent(span: SpanRef) -> str:
    """Return a span's context as a W3C header.

    >>> write_traceparent(SpanRef("a" * 32, "b" * 16))
    '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01'
    """
    return f"00-{span.trace_id}-{span.span_id}-{span.flags:02x}"


def trace_headers(trace: TraceHeaders) -> list[Header]:
    """Return the headers that carry a place in a trace."""
    headers: list[Header] = []
    if trace.span is not None:
        headers.append((TRACEPARENT, write_traceparent(trace.span).encode()))
    if trace.parent is not None:
        headers.append((PARENT, write_traceparent(trace.parent).encode()))
    if trace.tracestate:
        headers.append((TRACESTATE, trace.tracestate.encode()))
    if trace.baggage:
        headers.append((BAGGAGE, trace.baggage.encode()))
    return headers


def cloud_event_headers(event: Mapping[str, str | None], source: str) -> list[Header]:
    """Return the CloudEvents 1.0 headers (Kafka binding, binary mode) of an event emitted by `source`."""
    headers = [
        (CE_SPECVERSION, b"1.0"),
        (CE_ID, (event["event_id"] or "").encode()),
        (CE_TYPE, (event["event_name"] or "").encode()),
        (CE_SOURCE, source.encode()),
        (CONTENT_TYPE, b"application/avro"),
    ]
    if task_id := event.get("task_id"):
        step_id = event.get("step_id")
        headers.append((CE_SUBJECT, (f"{task_id}/{step_id}" if step_id else task_id).encode()))
    return headers


def read_trace_headers(headers: Iterable[tuple[str, bytes | None]]) -> TraceHeaders:
    """Read the place in a trace from a record's headers, whatever their state.

    A header that is oversized, not UTF-8 or there twice with different values counts as absent; names are compared
    without regard to case, since proxies rewrite them.
    """
    found: dict[str, bytes | None] = {}
    for name, value in headers:
        key = name.lower()
        if key in _TRACE_NAMES:
            usable = value if value is not None and len(value) <= MAX_HEADER_BYTES else None
            found[key] = usable if found.get(key, usable) == usable else None
    span = read_traceparent(found.get(TRACEPARENT))
    if span is None:
        return TraceHeaders(baggage=_text(found.get(BAGGAGE)))
    return TraceHeaders(
        span,
        read_traceparent(found.get(PARENT)),
        _text(found.get(TRACESTATE)),
        _text(found.get(BAGGAGE)),
    )


_TRACE_NAMES = {TRACEPARENT, PARENT, TRACESTATE, BAGGAGE}


def _text(value: bytes | None) -> str:
    try:
        return value.decode() if value else ""
    except UnicodeDecodeError:
        return ""
