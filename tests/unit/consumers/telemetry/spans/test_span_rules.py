"""The validator of exported spans notices what it is there for: a rule that never fails would prove nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from tasker_consumers.telemetry.export.otlp.encoder import OtlpEncoder
from tasker_consumers.telemetry.rebuild import spans_of
from tests.support.telemetry.histories import order
from tests.support.telemetry.span_rules import broken_rules, broken_rules_on_the_wire, broken_trees_on_the_wire

SPANS = spans_of(order())


def on_the_wire() -> list[WireSpan]:
    requests = [ExportTraceServiceRequest.FromString(body) for body, _ in OtlpEncoder({}, "1").requests(SPANS)]
    scopes = [scope for request in requests for resource in request.resource_spans for scope in resource.scope_spans]
    return [span for scope in scopes for span in scope.spans]


def test_spans_of_an_order_break_no_rule_as_values_and_on_the_wire() -> None:
    assert broken_rules(SPANS) == []
    assert broken_rules_on_the_wire(on_the_wire()) == broken_trees_on_the_wire(on_the_wire()) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda span: setattr(span, "trace_id", bytes(16)),
        lambda span: setattr(span, "span_id", bytes(8)),
        lambda span: setattr(span, "span_id", b"short"),
        lambda span: setattr(span, "parent_span_id", span.span_id),
        lambda span: setattr(span, "end_time_unix_nano", span.start_time_unix_nano - 1),
        lambda span: setattr(span, "name", ""),
        lambda span: setattr(span.status, "message", "an OK span says nothing"),
        lambda span: setattr(span.events[-1], "time_unix_nano", 1),
        lambda span: span.attributes.add(key=span.attributes[0].key).value.SetInParent(),
        lambda span: span.attributes.add(key="nothing"),
        lambda span: span.attributes.add(key="raw").value.__setattr__("bytes_value", b"x"),
        lambda span: span.links.add(trace_id=span.trace_id, span_id=bytes(8)),
    ],
)
def test_each_damage_to_a_span_on_the_wire_is_noticed(damage: Callable[[WireSpan], object]) -> None:
    spans = on_the_wire()
    damage(spans[0])
    assert broken_rules_on_the_wire(spans) != []


def test_a_parent_in_another_trace_and_a_ring_of_parents_are_noticed() -> None:
    root, child = SPANS[0], SPANS[1]
    assert "another trace" in broken_rules([root, replace(child, trace_id="a" * 32)])[0]
    assert "ring" in broken_rules([replace(root, parent_span_id=child.span_id), child])[0]
