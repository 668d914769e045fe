"""Zipkin's JSON, and its settings."""

import json

import pytest

from tasker_consumers.telemetry.app import Backend, build_exporter
from tasker_consumers.telemetry.export.zipkin.encoder import REQUEST_SPANS, ZipkinEncoder
from tasker_consumers.telemetry.export.zipkin.http import ZipkinSettings
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import ERROR
from tasker_schemas.errors import ConfigurationError
from tests.support.telemetry.histories import large_order, order

ENCODER = ZipkinEncoder({"service.name": "tasker"})


def test_a_span_keeps_ids_times_and_attributes_in_zipkins_words() -> None:
    span = next(s for s in spans_of(order()) if s.status == ERROR)
    found = ENCODER.encoded(span)
    assert (found["traceId"], found["id"], found["parentId"]) == (span.trace_id, span.span_id, span.parent_span_id)
    assert (found["timestamp"], found["duration"]) == (span.start // 1000, 1_000_001)
    assert found["tags"].items() >= {"error": "no answer", "attempt_number": "1", "step_id": "charge"}.items()
    assert [annotation["value"] for annotation in found["annotations"]][:2] == ["step.started", "step.failed"]


def test_links_and_typed_attributes_are_readable_json_in_tags() -> None:
    span = next(s for s in spans_of(order()) if s.attributes.get("step_id") == "ship")
    tags = ENCODER.encoded(span)["tags"]
    assert json.loads(tags["link.0"])["tasker.link"] == "depends_on"
    assert tags["execution_duration"] == "1.0"


def test_a_span_of_no_length_lasts_the_least_that_zipkin_knows() -> None:
    assert ENCODER.encoded(spans_of(order())[-1])["duration"] == 1


def test_many_spans_are_split_and_none_is_left_out() -> None:
    spans = spans_of(large_order(REQUEST_SPANS + 7))
    requests = ENCODER.requests(spans)
    assert len(requests) == 2
    assert [s["id"] for request, _ in requests for s in json.loads(request)] == [s.span_id for s in spans]


@pytest.mark.parametrize(("name", "value"), [("ENDPOINT", "zipkin:9411"), ("TIMEOUT", "soon")])
def test_a_wrong_value_is_named_with_what_was_expected(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"OTEL_EXPORTER_ZIPKIN_{name} is .*; expected "):
        ZipkinSettings.from_env({f"OTEL_EXPORTER_ZIPKIN_{name}": value})


def test_the_standard_variable_chooses_the_backend_and_a_wrong_name_is_told() -> None:
    assert type(build_exporter({"OTEL_TRACES_EXPORTER": "zipkin"})) is type(build_exporter({}, Backend.ZIPKIN))
    with pytest.raises(ConfigurationError, match="OTEL_TRACES_EXPORTER is 'jaeger'; expected one of otlp, zipkin"):
        build_exporter({"OTEL_TRACES_EXPORTER": "jaeger"})
