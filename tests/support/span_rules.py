"""What OpenTelemetry asks of every span, checked over whatever was exported."""

from collections.abc import Iterable

from tasker_consumers.telemetry.spans.span import ERROR, OK, UNSET, Span


def broken_rules(spans: Iterable[Span]) -> list[str]:
    """Return one sentence for each rule that a span breaks; spans of a trace must be complete."""
    spans = list(spans)
    return [f"{span.name} {span.span_id}: {fault}" for span in spans for fault in _faults(span)] + _tree_faults(spans)


def _faults(span: Span) -> Iterable[str]:
    ids = [(span.trace_id, 32), (span.span_id, 16), *((id_, 16) for id_ in [span.parent_span_id] if id_ is not None)]
    ids += [pair for link in span.links for pair in ((link.trace_id, 32), (link.span_id, 16))]
    for id_, size in ids:
        if len(id_) != size or id_ != id_.lower() or not int(id_, 16):
            yield f"id {id_!r}"
    if not 0 <= span.start <= span.end < 2**64:
        yield f"times {span.start} to {span.end}"
    if span.status not in (UNSET, OK, ERROR) or (span.message and span.status != ERROR):
        yield f"status {span.status!r} {span.message!r}"
    for attributes in (span.attributes, *(e.attributes for e in span.events), *(k.attributes for k in span.links)):
        for name, value in attributes.items():
            if not name or not isinstance(value, bool | int | float | str | list):
                yield f"attribute {name!r} {value!r}"
    if len(span.attributes) > 128 or len(span.events) > 128 or len(span.links) > 128:
        yield "more than the limits allow"


def _tree_faults(spans: list[Span]) -> list[str]:
    last = {(span.trace_id, span.span_id): span for span in spans}
    faults = []
    for span in last.values():
        above, parent = span, span
        seen = {span.span_id}
        while above.parent_span_id and (parent := last.get((span.trace_id, above.parent_span_id), above)) is not above:
            if parent.span_id in seen:
                faults.append(f"{span.name} {span.span_id}: its parents form a ring")
                break
            seen.add(parent.span_id)
            above = parent
    return faults
