"""A span as a value survives the way through JSON."""

import orjson
import pytest

from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import Span, span_from_json, span_to_json
from tests.support.telemetry.histories import failed_order, order


@pytest.mark.parametrize("span", spans_of([*order(), *failed_order("43")]), ids=lambda span: span.span_id)
def test_a_span_reads_back_from_the_json_that_was_written(span: Span) -> None:
    again = span_from_json(orjson.loads(orjson.dumps(span_to_json(span))))
    assert again._replace(kind=span.kind, flags=span.flags, tracestate=span.tracestate) == span
