"""The headers of a record: W3C trace context, the parent's context, CloudEvents 1.0, replay marks.

`traceparent` is the context *of the span the event belongs to*, `tasker-parent` that of the span above it; a root has
none. Tools filter on the `ce_` headers without decoding the value. A malformed header counts as absent: an event is
never lost for its headers.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
BAGGAGE = "baggage"
PARENT = "tasker-parent"
CE_SPECVERSION = "ce_specversion"
CE_ID = "ce_id"
CE_TYPE = "ce_type"
CE_SOURCE = "ce_source"
CE_SUBJECT = "ce_subject"
CE_TIME = "ce_time"  # when the event happened, RFC 3339; Kafka's own time says when the record came
CONTENT_TYPE = "content-type"
REPLAY = "tasker-replay"
ORIGIN = "tasker-origin"

#: The headers that tell the place of an event in a trace.
TRACE_NAMES = (TRACEPARENT, PARENT, TRACESTATE, BAGGAGE)

MAX_HEADER_BYTES = 8192  # W3C asks for 512 bytes of tracestate, and baggage has at most 8192

Header = tuple[str, bytes]

# No version ff, nothing after the flags in version 00, no ids of zeros.
_TRACEPARENT = re.compile(rb"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
# Level 2 of the specification: members `key=value`, separated by commas, of which some may be empty.
_MEMBER = re.compile(rb"[ \t]*([a-z0-9][a-z0-9_\-*/@]{0,255})=[ -+\--<>-~]{0,255}[!-+\--<>-~][ \t]*")
_MAX_MEMBERS = 32
_MAX_BAGGAGE = 64  # entries; W3C lets a platform drop more than that

SAMPLED = 0x01
RANDOM = 0x02
#: The flags of a trace id that was derived from a task's id: a hash is as good as random (Trace Context 2).
DERIVED_FLAGS = SAMPLED | RANDOM
_KNOWN_FLAGS = SAMPLED | RANDOM  # others must be sent as zeros
_FLAGS_TEXT = ("00", "01", "02", "03")


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
    """The place of an event in a trace, as its headers tell it."""

    span: SpanRef | None = None
    parent: SpanRef | None = None
    tracestate: str = ""
    baggage: str = ""


#: The place of an event outside of all traces.
NO_TRACE = TraceHeaders()


def read_traceparent(value: bytes | None) -> SpanRef | None:
    """Read a W3C trace context header; a malformed value counts as none (Trace Context 2, section 3.2).

    >>> read_traceparent(b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01").sampled
    True
    >>> read_traceparent(b"no trace") is None
    True
    """
    if not value or _TRACEPARENT.fullmatch(value) is None:
        return None
    return SpanRef(value[3:35].decode(), value[36:52].decode(), int(value[53:55], 16) & _KNOWN_FLAGS)


def write_traceparent(span: SpanRef) -> str:
    """Return a span's context as a W3C header; flags that the specification does not know are zeros.

    >>> write_traceparent(SpanRef("a" * 32, "b" * 16))
    '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01'
    """
    trace_id, span_id, flags = span
    return f"00-{trace_id}-{span_id}-{_FLAGS_TEXT[flags & _KNOWN_FLAGS]}"


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


def rfc3339(timestamp: int) -> str | None:
    """Return microseconds since 1970 as RFC 3339, in UTC; None before 1970 and after the year 9999.

    >>> rfc3339(1_760_000_000_000_001)
    '2025-10-09T08:53:20.000001Z'
    """
    if not 0 <= timestamp < _YEAR_10000:
        return None
    seconds, microseconds = timestamp // 1_000_000, timestamp % 1_000_000
    return f"{_second_text(seconds)}.{microseconds:06d}Z"


_YEAR_10000 = 253_402_300_800_000_000  # its first microsecond


@lru_cache(maxsize=64)  # most events of a process happen in the present second
def _second_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def time_headers(timestamp: int) -> list[Header]:
    """Return the header `ce_time`, which says when an event happened; none for a time that RFC 3339 cannot say."""
    text = rfc3339(timestamp)
    return [] if text is None else [(CE_TIME, text.encode())]


def cloud_event_headers(event: Mapping[str, Any], source: str) -> list[Header]:
    """Return the CloudEvents 1.0 headers (Kafka binding, binary mode) of an event emitted by `source`."""
    headers = [
        (CE_SPECVERSION, b"1.0"),
        (CE_ID, (event["event_id"] or "").encode()),
        (CE_TYPE, (event["event_name"] or "").encode()),
        (CE_SOURCE, source.encode()),
        (CONTENT_TYPE, b"application/avro"),
    ]
    if (timestamp := event.get("timestamp")) is not None:
        headers += time_headers(timestamp)
    if task_id := event.get("task_id"):
        step_id = event.get("step_id")
        headers.append((CE_SUBJECT, (f"{task_id}/{step_id}" if step_id else task_id).encode()))
    return headers


def read_span(headers: Iterable[tuple[str, bytes | None]]) -> SpanRef | None:
    """Read the span of an event from its record's headers, as `read_trace_headers` does, and nothing else of them."""
    traceparents = headers_among(headers, (TRACEPARENT,))
    if len(traceparents) == 1 and traceparents[0][0] == TRACEPARENT:  # nearly always
        value = traceparents[0][1]
        return read_traceparent(value) if value is not None and len(value) <= MAX_HEADER_BYTES else None
    return read_traceparent(_usable(traceparents, (TRACEPARENT,)).get(TRACEPARENT))


def read_trace_headers(headers: Iterable[tuple[str, bytes | None]]) -> TraceHeaders:
    """Read the place in a trace from a record's headers, whatever their state.

    A header that is malformed, oversized, not UTF-8 or there twice with different values counts as absent; names are
    compared without regard to case, since proxies rewrite them.
    """
    values = _usable(headers, TRACE_NAMES)
    span = read_traceparent(values.get(TRACEPARENT))
    if span is None:
        return TraceHeaders(baggage=_text(values.get(BAGGAGE)))
    return TraceHeaders(
        span,
        read_traceparent(values.get(PARENT)),
        read_tracestate(values.get(TRACESTATE)),
        _text(values.get(BAGGAGE)),
    )


def headers_among(
    headers: Iterable[tuple[str, bytes | None]], names: tuple[str, ...]
) -> list[tuple[str, bytes | None]]:
    """Return the headers that may have one of these names, in any case; native headers leave all others unread."""
    among = getattr(headers, "among", None)
    return [header for header in headers if header[0].lower() in names] if among is None else among(names)


def _usable(headers: Iterable[tuple[str, bytes | None]], names: tuple[str, ...]) -> dict[str, bytes | None]:
    """Return the values of the headers that have one of these names; None for a header that counts as absent."""
    values: dict[str, bytes | None] = {}
    for name, value in headers_among(headers, names):
        key = name.lower()
        if key in names:
            content = first_baggage(value) if key == BAGGAGE and value is not None else value
            usable = content if content is not None and len(content) <= MAX_HEADER_BYTES else None
            values[key] = usable if values.get(key, usable) == usable else None
    return values


def first_baggage(value: bytes) -> bytes:
    """Return a W3C `baggage` header with the first 64 of its entries, as far as they fit into 8,192 bytes.

    >>> first_baggage(b"a=1,b=2"), first_baggage(b",".join(b"k%d=v" % n for n in range(99))).count(b",")
    (b'a=1,b=2', 63)
    """
    entries = value.split(b",")
    if len(entries) <= _MAX_BAGGAGE and len(value) <= MAX_HEADER_BYTES:
        return value
    size, fitting = -1, 0
    for entry in entries[:_MAX_BAGGAGE]:
        size += len(entry) + 1
        if size > MAX_HEADER_BYTES:
            break
        fitting += 1
    return b",".join(entries[:fitting])


def read_tracestate(value: bytes | None) -> str:
    """Return a W3C `tracestate` header as text; a malformed value counts as none, as a part of it could mean anything.

    >>> read_tracestate(b"vendor=1, other=2"), read_tracestate(b"bad tracestate ,,,")
    ('vendor=1, other=2', '')
    """
    if not value:
        return ""
    members = [member for member in value.split(b",") if member.strip(b" \t")]
    matches = [_MEMBER.fullmatch(member) for member in members]
    keys = {match[1] for match in matches if match}
    is_valid = len(keys) == len(members) <= _MAX_MEMBERS
    return value.decode("ascii") if is_valid and members else ""


def _text(value: bytes | None) -> str:
    try:
        return value.decode() if value else ""
    except UnicodeDecodeError:
        return ""
