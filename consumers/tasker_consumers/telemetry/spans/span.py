"""A span as a plain value, ready for any exporter."""

from dataclasses import dataclass, replace
from typing import Any

AttributeValue = bool | int | float | str | list[str]
Attributes = dict[str, AttributeValue]

UNSET, OK, ERROR = "UNSET", "OK", "ERROR"
#: Roles of spans, by OpenTelemetry's numbers for a span's kind.
INTERNAL, SERVER, CLIENT = 1, 2, 3
ROLE_NAMES = {INTERNAL: "INTERNAL", SERVER: "SERVER", CLIENT: "CLIENT"}
#: Kinds of spans.
TASK, END, STEP, LATE_ERROR = "task", "end", "step", "late_error"
_ROLES = {name: role for role, name in ROLE_NAMES.items()}
_DROPPED_ATTRIBUTES, _DROPPED_EVENTS, _DROPPED_LINKS = (
    f"dropped_{items}_count" for items in ("attributes", "events", "links")
)


@dataclass
class SpanEvent:
    """Something that happened while a span lasted; time in nanoseconds since the epoch."""

    time: int
    name: str
    attributes: Attributes
    dropped_attributes: int = 0


@dataclass
class Link:
    """Another span that a span is related to."""

    trace_id: str
    span_id: str
    attributes: Attributes
    dropped_attributes: int = 0


@dataclass
class Span:
    """A span; ids are lower-case hex digits, times nanoseconds since the epoch, UTC."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    start: int
    end: int
    status: str  # UNSET, OK or ERROR
    message: str  # of the status
    attributes: Attributes
    events: list[SpanEvent]
    links: list[Link]
    service: str  # service.name of its resource; empty for the default
    flags: int
    tracestate: str
    dropped_attributes: int = 0
    dropped_events: int = 0
    dropped_links: int = 0
    kind: str = ""  # TASK, END, STEP or LATE_ERROR
    version: str = ""  # service.version of its resource; empty when no event tells it
    role: int = INTERNAL


def marked(span: Span, mark: str) -> Span:
    """Return a span with an attribute `mark` that is true."""
    return replace(span, attributes={**span.attributes, mark: True})


def span_to_json(span: Span) -> dict[str, Any]:
    """Return a span as values of JSON, as `tasker trace --json` and the JSON-lines file show it, in the words of OTLP.

    Counts of what was dropped are only there when they are above 0.
    """
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_span_id,
        "trace_state": span.tracestate,
        "flags": span.flags,
        "name": span.name,
        "kind": ROLE_NAMES[span.role],
        "start_time_unix_nano": span.start,
        "end_time_unix_nano": span.end,
        "status": {"code": span.status, "message": span.message},
        "service": {"name": span.service, "version": span.version},
        "attributes": span.attributes,
        "events": [
            {
                "name": event.name,
                "time_unix_nano": event.time,
                "attributes": event.attributes,
                **_count(_DROPPED_ATTRIBUTES, event.dropped_attributes),
            }
            for event in span.events
        ],
        "links": [
            {
                "trace_id": link.trace_id,
                "span_id": link.span_id,
                "attributes": link.attributes,
                **_count(_DROPPED_ATTRIBUTES, link.dropped_attributes),
            }
            for link in span.links
        ],
        **_count(_DROPPED_ATTRIBUTES, span.dropped_attributes),
        **_count(_DROPPED_EVENTS, span.dropped_events),
        **_count(_DROPPED_LINKS, span.dropped_links),
    }


def span_from_json(data: dict[str, Any]) -> Span:
    """Return the span that `span_to_json` wrote; whether it is of a task or a step (`Span.kind`) is not in there."""
    return Span(
        trace_id=data["trace_id"],
        span_id=data["span_id"],
        parent_span_id=data["parent_span_id"],
        name=data["name"],
        start=data["start_time_unix_nano"],
        end=data["end_time_unix_nano"],
        status=data["status"]["code"],
        message=data["status"]["message"],
        attributes=data["attributes"],
        events=[
            SpanEvent(e["time_unix_nano"], e["name"], e["attributes"], e.get(_DROPPED_ATTRIBUTES, 0))
            for e in data["events"]
        ],
        links=[
            Link(link["trace_id"], link["span_id"], link["attributes"], link.get(_DROPPED_ATTRIBUTES, 0))
            for link in data["links"]
        ],
        service=data["service"]["name"],
        version=data["service"]["version"],
        flags=data["flags"],
        tracestate=data["trace_state"],
        dropped_attributes=data.get(_DROPPED_ATTRIBUTES, 0),
        dropped_events=data.get(_DROPPED_EVENTS, 0),
        dropped_links=data.get(_DROPPED_LINKS, 0),
        role=_ROLES[data["kind"]],
    )


def _count(name: str, dropped: int) -> dict[str, int]:
    return {name: dropped} if dropped else {}
