"""OTLP/JSON: the request of OpenTelemetry's exporters, as collectors write it to files and backends answer it.

A file holds a request, a list of them, or a request on each line. Tempo and Jaeger wrap the same in `trace`, `batches`
or `result`.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tasker_consumers.importers.documents.document import stream
from tasker_consumers.importers.documents.node import ProtobufNode
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.executions import Reason
from tasker_consumers.importers.sources import Content
from tasker_consumers.importers.traces.span import (
    LONGEST_NAME,
    SPAN_DIGITS,
    TRACE_DIGITS,
    TraceSpan,
    hex_id,
    reason_of,
    whole_number,
)
from tasker_consumers.importers.traces.tasks import events_of_traces

_ERROR_CODES = (2, "2", "STATUS_CODE_ERROR", "ERROR")
_SCALARS = ("stringValue", "boolValue", "intValue", "doubleValue", "bytesValue")
_NO_ATTRIBUTES: Mapping[str, Any] = MappingProxyType({})


def read(content: Content) -> Iterator[ImportedEvent]:
    """Return the events of every trace in a file; reading them raises BrokenFile."""
    return events_of_traces(span for node in stream(content, ProtobufNode) for span in _spans(node))


def _spans(root: ProtobufNode) -> Iterator[TraceSpan]:
    if isinstance(root.value, list):
        for item in root.items():
            yield from _spans(item)
        return
    wrapped = root.find("trace", "result")
    resources = (wrapped or root).find("resourceSpans", "batches") or root.get("resourceSpans")
    for resource in resources.items():
        described = resource.find("resource")
        of_resource = attributes_of(described) if described else _NO_ATTRIBUTES
        scopes = resource.find("scopeSpans", "instrumentationLibrarySpans", "ilSpans")
        for scope in scopes.items() if scopes else ():
            listed = scope.find("spans")
            for node in listed.items() if listed else ():
                yield _span(node, of_resource)


def _span(node: ProtobufNode, of_resource: Mapping[str, Any]) -> TraceSpan:
    parent, name, end = node.find("parentSpanId"), node.find("name"), node.find("endTimeUnixNano")
    status, events = node.find("status"), node.find("events")
    code = status.find("code") if status else None
    message = status.find("message") if status else None
    is_failed = code is not None and code.value in _ERROR_CODES
    moments, exception = _moments(events.items() if events else [])
    service = of_resource.get("service.name")
    return TraceSpan(
        trace_id=_id(node.get("traceId"), TRACE_DIGITS),
        span_id=_id(node.get("spanId"), SPAN_DIGITS),
        parent_id=None if parent is None or not str(parent.value).strip("0") else _id(parent, SPAN_DIGITS),
        name=name.text()[:LONGEST_NAME] if name else "span",
        start=whole_number(node.get("startTimeUnixNano")) // 1000,
        end=(whole_number(end) // 1000 or None) if end else None,
        is_failed=is_failed,
        reason=reason_of(exception, message.text() if message else "") if is_failed else Reason(),
        attributes={**({"source_service": service} if service else {}), **attributes_of(node)},
        place=node.path,
        moments=moments,
        depends_on=_depends_on(node),
    )


def _id(node: ProtobufNode, digits: int) -> str:
    """Return an id as hex digits; protobuf's own JSON has it in base64."""
    text = node.text()
    if len(text) < digits and text.endswith("="):
        try:
            return hex_id(ProtobufNode(base64.b64decode(text, validate=True).hex(), node.path), digits)
        except (binascii.Error, ValueError):
            pass
    return hex_id(node, digits)


def _moments(events: list[ProtobufNode]) -> tuple[dict[str, int], Mapping[str, Any]]:
    """Return the first time of each event by name, and the attributes of the last exception."""
    moments: dict[str, int] = {}
    exception: Mapping[str, Any] = {}
    for event in events:
        name, time = event.find("name"), event.find("timeUnixNano")
        if name is not None and time is not None:
            moments.setdefault(name.text(), whole_number(time) // 1000)
        if name is not None and name.value == "exception":
            exception = attributes_of(event)
    return moments, exception


def _depends_on(node: ProtobufNode) -> tuple[str, ...]:
    links = node.find("links")
    of_links = [attributes_of(link) for link in links.items()] if links else []
    return tuple(str(link["step_id"]) for link in of_links if link.get("tasker.link") == "depends_on")


def attributes_of(holder: ProtobufNode) -> dict[str, Any]:
    """Return the attributes of a span, an event, a link or a resource as plain values; raise BrokenFile."""
    listed = holder.find("attributes")
    attributes: dict[str, Any] = {}
    for entry in listed.items() if listed else ():
        value = entry.find("value")
        attributes[entry.get("key").text()] = _value(value) if value else None
    return attributes


def _value(node: ProtobufNode) -> Any:
    scalar = node.find(*_SCALARS)
    if scalar is None:
        nested = node.find("arrayValue", "kvlistValue")
        values = nested.find("values") if nested else None
        return [_value(item.find("value") or item) for item in values.items()] if values else None
    if "intValue" in node.value or "int_value" in node.value:
        value = scalar.value
        return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else _plain(value)
    return _plain(scalar.value)


def _plain(value: Any) -> Any:
    return (
        value if isinstance(value, bool | int | str) else float(value) if not isinstance(value, dict | list) else None
    )
