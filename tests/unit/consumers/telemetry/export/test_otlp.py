"""Our OTLP bytes, read back with OpenTelemetry's own classes, field by field."""

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans

from tasker_consumers.telemetry.export.otlp.encoder import OtlpEncoder, encode_span, python_span
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import Link, Span, SpanEvent
from tests.support.telemetry.histories import order
from tests.support.telemetry.wire_spans import attributes_of, span_of
from tests.support.telemetry.wire_values import attribute_maps, counts, span_ids, texts, times, trace_ids

spans = st.builds(
    Span,
    trace_id=trace_ids,
    span_id=span_ids,
    parent_span_id=st.none() | span_ids,
    name=texts,
    start=times,
    end=times,
    status=st.sampled_from(["UNSET", "OK", "ERROR"]),
    message=texts,
    attributes=attribute_maps,
    events=st.lists(st.builds(SpanEvent, times, texts, attribute_maps, counts), max_size=3),
    links=st.lists(st.builds(Link, trace_ids, span_ids, attribute_maps, counts), max_size=3),
    service=st.sampled_from(["", "shop", "bank"]),
    flags=st.integers(0, 255),
    tracestate=texts,
    dropped_attributes=counts,
    dropped_events=counts,
    dropped_links=counts,
    kind=st.just(""),  # neither is on the wire of a span
    version=st.just(""),
    role=st.integers(1, 5),
)


def typed(found: Any) -> str:
    """Tell 1, 1.0 and True apart, which compare as equal."""
    return repr(found)


@given(spans)
def test_a_span_in_bytes_reads_back_as_it_was(span: Span) -> None:
    (wire,) = ScopeSpans.FromString(encode_span(span)).spans
    assert typed(span_of(wire, span.service)) == typed(span)


@given(spans)
def test_compiled_or_not_the_bytes_are_the_same(span: Span) -> None:
    assert encode_span(span) == python_span(span)


@pytest.mark.parametrize("encode", [encode_span, python_span])
@pytest.mark.parametrize("odd", [{"start": -1}, {"end": 2**64}, {"span_id": "x" * 16}, {"status": "?"}])
def test_a_span_that_cannot_be_written_is_refused(encode: Callable[[Span], bytes], odd: dict[str, Any]) -> None:
    span = replace(spans_of(order())[0], **odd)
    with pytest.raises((OverflowError, struct.error, ValueError, KeyError)):
        encode(span)


@given(st.lists(spans, max_size=8), st.integers(1, 2000))
def test_requests_of_any_size_hold_all_spans_by_their_service(some: list[Span], limit: int) -> None:
    encoder = OtlpEncoder({"service.name": "tasker", "service.version": "7"}, "7")
    found = []
    for request, within in encoder.requests(some, limit):
        parsed = ExportTraceServiceRequest.FromString(request)
        here = [
            span_of(wire, "" if (name := attributes_of(r.resource)["service.name"]) == "tasker" else name)
            for r in parsed.resource_spans
            for wire in r.scope_spans[0].spans
        ]
        assert sorted(map(typed, here)) == sorted(map(typed, within))
        found += here
    assert sorted(map(typed, found)) == sorted(map(typed, some))


def test_a_request_of_a_task_is_what_opentelemetry_would_write() -> None:
    ((request, _),) = OtlpEncoder({"service.name": "tasker"}, "7").requests(spans_of(order()))
    parsed = ExportTraceServiceRequest.FromString(request)
    assert parsed.resource_spans[0].scope_spans[0].scope.version == "7"
    assert ExportTraceServiceRequest.FromString(parsed.SerializeToString()) == parsed
