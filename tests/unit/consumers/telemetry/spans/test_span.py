"""A span as a value survives the way through JSON."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.links import MAX_LINKS
from tasker_consumers.telemetry.spans.span import CLIENT, Link, Span, SpanEvent, span_from_json, span_to_json
from tests.support.telemetry.histories import attempt, failed_order, order


@pytest.mark.parametrize("span", spans_of([*order(), *failed_order("43")]), ids=lambda span: span.span_id)
def test_a_span_reads_back_from_the_json_that_was_written(span: Span) -> None:
    assert replace(read_back(span), kind=span.kind) == span


def test_no_field_of_a_span_is_lost_in_json() -> None:
    rest: dict[str, Any] = {"service": "shop", "version": "1.4", "dropped_attributes": 4, "dropped_events": 5}
    span = Span(
        "1" * 32, "2" * 16, None, "step a", 10, 20, "ERROR", "refused", {"n": 1.5, "parts": ["a", "b"]},
        [SpanEvent(11, "step.failed", {"n": 1}, 2)], [Link("3" * 32, "4" * 16, {"m": True}, 3)],
        flags=3, tracestate="ot=th:8", dropped_links=6, role=CLIENT, **rest,
    )  # fmt: skip
    assert read_back(span) == span


def test_a_step_with_more_dependencies_than_links_tells_in_json_how_many_are_left_out() -> None:
    spans = spans_of(attempt("join", 1, 2, depends_on=[f"p{n}" for n in range(MAX_LINKS + 172)]))
    assert [span_to_json(span).get("dropped_links_count") for span in spans if span.kind == "step"] == [172]


def read_back(span: Span) -> Span:
    """Return a span after the way through JSON."""
    return span_from_json(orjson.loads(orjson.dumps(span_to_json(span))))
