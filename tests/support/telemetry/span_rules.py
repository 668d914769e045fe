"""What OpenTelemetry asks of every span, checked over whatever was exported: our values, and what is on the wire."""

from collections.abc import Iterable

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from tasker_consumers.telemetry.spans.span import ERROR, OK, UNSET, Attributes, Span
from tests.support.telemetry.wire_spans import span_of

_TYPES = {"string_value", "bool_value", "int_value", "double_value"}


def broken_rules(spans: Iterable[Span]) -> list[str]:
    """Return one sentence for each rule that a span breaks; spans of a trace must be complete."""
    spans = list(spans)
    return [f"{span.name} {span.span_id}: {fault}" for span in spans for fault in _faults(span)] + _tree_faults(spans)


def broken_rules_on_the_wire(spans: Iterable[WireSpan]) -> list[str]:
    """Return one sentence for each rule that the spans of a request break; their parents may be elsewhere."""
    faults = []
    for span in spans:
        for attributes in (span.attributes, *(e.attributes for e in span.events), *(k.attributes for k in span.links)):
            faults += [f"{span.name} {span.span_id.hex()}: {fault}" for fault in _wire_faults(attributes)]
        if len(span.trace_id) != 16 or len(span.span_id) != 8 or len(span.parent_span_id) not in (0, 8):
            faults.append(f"{span.name}: ids {span.trace_id!r} {span.span_id!r} {span.parent_span_id!r}")
        faults += [f"{span.name} {span.span_id.hex()}: {fault}" for fault in _faults(span_of(span))]
    return faults


def broken_trees_on_the_wire(spans: Iterable[WireSpan]) -> list[str]:
    """Return one sentence for each span, of all that a backend took, whose parents are in another trace or a ring."""
    return _tree_faults([span_of(span) for span in spans])


def _faults(span: Span) -> Iterable[str]:
    yield from _odd_ids(span)
    if not 0 <= span.start <= span.end < 2**64:
        yield f"times {span.start} to {span.end}"
    if not span.name or span.status not in (UNSET, OK, ERROR) or (span.message and span.status != ERROR):
        yield f"name {span.name!r} status {span.status!r} {span.message!r}"
    times = [event.time for event in span.events]
    if times != sorted(times) or not all(0 <= time < 2**64 for time in times):
        yield f"times of events {times}"
    for attributes in (span.attributes, *(e.attributes for e in span.events), *(k.attributes for k in span.links)):
        yield from _odd_attributes(attributes)
    if len(span.attributes) > 128 or len(span.events) > 128 or len(span.links) > 128:
        yield "more than the limits allow"


def _odd_ids(span: Span) -> Iterable[str]:
    ids = [(span.trace_id, 32), (span.span_id, 16), *((id_, 16) for id_ in [span.parent_span_id] if id_ is not None)]
    ids += [pair for link in span.links for pair in ((link.trace_id, 32), (link.span_id, 16))]
    for id_, size in ids:
        if len(id_) != size or id_ != id_.lower() or not int(id_, 16):
            yield f"id {id_!r}"
    if span.parent_span_id == span.span_id:
        yield "is its own parent"


def _odd_attributes(attributes: Attributes) -> Iterable[str]:
    for name, value in attributes.items():
        if not name or not isinstance(value, bool | int | float | str | list):
            yield f"attribute {name!r} {value!r}"
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            yield f"attribute {name!r} is a list of mixed types"


def _tree_faults(spans: list[Span]) -> list[str]:
    last = {(span.trace_id, span.span_id): span for span in spans}
    trace_of = {span_id: trace_id for trace_id, span_id in last}
    faults = []
    for span in last.values():
        if trace_of.get(span.parent_span_id or "", span.trace_id) != span.trace_id:
            faults.append(f"{span.name} {span.span_id}: its parent is in another trace")
        above, parent = span, span
        seen = {span.span_id}
        while above.parent_span_id and (parent := last.get((span.trace_id, above.parent_span_id), above)) is not above:
            if parent.span_id in seen:
                faults.append(f"{span.name} {span.span_id}: its parents form a ring")
                break
            seen.add(parent.span_id)
            above = parent
    return faults


def _wire_faults(attributes: Iterable[KeyValue]) -> Iterable[str]:
    names = [attribute.key for attribute in attributes]
    if len(names) != len(set(names)):
        yield f"an attribute twice: {sorted(names)}"
    for attribute in attributes:
        kind = attribute.value.WhichOneof("value")
        items = attribute.value.array_value.values if kind == "array_value" else [attribute.value]
        kinds = {item.WhichOneof("value") for item in items}
        if len(kinds) > 1 or not kinds <= _TYPES:
            yield f"attribute {attribute.key!r} of type {kind} {kinds}"
