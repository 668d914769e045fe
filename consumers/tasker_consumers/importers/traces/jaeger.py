"""Jaeger's JSON: traces as its API answers them and its UI saves them, and spans as it keeps them in Elasticsearch.

A file holds an answer (`data`), a trace (`traceID`, `spans`, `processes`), a list of them, or a value on each line.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tasker_consumers.importers.documents.document import stream
from tasker_consumers.importers.documents.node import Node
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

_NO_PROCESSES: Mapping[str, Any] = MappingProxyType({})


def read(content: Content) -> Iterator[ImportedEvent]:
    """Return the events of every trace in a file; reading them raises BrokenFile."""
    return events_of_traces(span for node in stream(content, Node) for span in _spans(node))


def _spans(root: Node) -> Iterator[TraceSpan]:
    if isinstance(root.value, list):
        for item in root.items():
            yield from _spans(item)
        return
    data = root.find("data")
    if data is not None:
        yield from _spans(data)
    elif root.find("spans") is None and root.find("spanID") is not None:
        yield _span(root, _NO_PROCESSES)
    else:
        processes = root.find("processes")
        services = {} if processes is None else _services(processes)
        for node in root.get("spans").items():
            yield _span(node, services)


def _services(processes: Node) -> dict[str, str]:
    if not isinstance(processes.value, dict):
        processes.refuse("an object")
    services = {}
    for key in processes.value:
        process = processes.find(key)
        service = process.find("serviceName") if process else None
        if service is not None:
            services[key] = service.text()
    return services


def _span(node: Node, services: Mapping[str, str]) -> TraceSpan:
    start, duration = whole_number(node.get("startTime")), node.find("duration")
    tags = _tags(node.find("tags"))
    logs = node.find("logs")
    moments, exception = _moments(logs.items() if logs else [])
    is_failed = str(tags.get("error", "")).lower() == "true" or tags.get("otel.status_code") == "ERROR"
    message = str(tags.get("otel.status_description") or "")
    own_process, process_id = node.find("process"), node.find("processID")
    service = own_process.find("serviceName") if own_process else None
    source = service.text() if service else services.get(process_id.text()) if process_id else None
    name = node.find("operationName")
    return TraceSpan(
        trace_id=hex_id(node.get("traceID"), TRACE_DIGITS),
        span_id=hex_id(node.get("spanID"), SPAN_DIGITS),
        parent_id=_parent(node),
        name=name.text()[:LONGEST_NAME] if name and name.value else "span",
        start=start,
        end=start + whole_number(duration) if duration else None,
        is_failed=is_failed,
        reason=reason_of(exception, message) if is_failed else Reason(),
        attributes={**({"source_service": source} if source else {}), **tags},
        place=node.path,
        moments=moments,
    )


def _parent(node: Node) -> str | None:
    """Return the id of the span above in the same trace: of several references the first CHILD_OF."""
    trace_id = hex_id(node.get("traceID"), TRACE_DIGITS)
    references = node.find("references")
    inside = [
        reference
        for reference in (references.items() if references else [])
        if (trace := reference.find("traceID")) is None or hex_id(trace, TRACE_DIGITS) == trace_id
    ]
    inside.sort(key=lambda reference: reference.value.get("refType") != "CHILD_OF")
    if inside:
        return hex_id(inside[0].get("spanID"), SPAN_DIGITS)
    parent = node.find("parentSpanID")
    return hex_id(parent, SPAN_DIGITS) if parent and str(parent.value).strip("0") else None


def _tags(listed: Node | None) -> dict[str, Any]:
    tags: dict[str, Any] = {}
    for tag in listed.items() if listed else ():
        value = tag.find("value")
        tags[tag.get("key").text()] = _plain(value.value) if value else None
    return tags


def _moments(logs: list[Node]) -> tuple[dict[str, int], Mapping[str, Any]]:
    """Return the first time of each named log, and the fields of the last that tells an exception."""
    moments: dict[str, int] = {}
    exception: Mapping[str, Any] = {}
    for log in logs:
        fields, time = _tags(log.find("fields")), log.find("timestamp")
        name = fields.get("event") or fields.get("name")
        if isinstance(name, str) and time is not None:
            moments.setdefault(name, whole_number(time))
        if fields.get("exception.type") or fields.get("exception.message"):
            exception = fields
        elif fields.get("error.object") or (name == "error" and fields.get("message")):
            described = {"exception.type": fields.get("error.kind"), "exception.stacktrace": fields.get("stack")}
            exception = {**described, "exception.message": fields.get("message") or fields.get("error.object")}
    return moments, exception


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | str | list | dict) else float(value)
