"""The resource of a span: its service, that service's version, and the framework."""

from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tasker_consumers.telemetry.export.otlp.encoder import OtlpEncoder
from tasker_consumers.telemetry.export.resource import resource_attributes
from tasker_consumers.telemetry.export.zipkin.encoder import ZipkinEncoder
from tasker_consumers.telemetry.spans.span import Span, span_from_json, span_to_json
from tests.support.telemetry.histories import attempt
from tests.support.telemetry.one_span import step_of
from tests.support.telemetry.wire_spans import attributes_of


def span_of(**fields: Any) -> Span:
    return step_of(attempt("a", 0, 1, **fields))


def resources_of(spans: list[Span], environ: dict[str, str]) -> list[dict[str, str]]:
    ((request, _),) = OtlpEncoder(resource_attributes(environ), "1").requests(spans)
    return [attributes_of(r.resource) for r in ExportTraceServiceRequest.FromString(request).resource_spans]


@pytest.mark.parametrize(
    ("fields", "environ", "expected"),
    [
        ({"service": "shop", "service_version": "1.2.3"}, "", {"service.name": "shop", "service.version": "1.2.3"}),
        ({"service": "shop"}, "service.version=7", {"service.name": "shop", "service.version": "7"}),
        ({"service": "shop"}, "", {"service.name": "shop"}),
        ({}, "", {"service.name": "tasker"}),
    ],
)
def test_every_exporter_shows_the_service_and_its_version(
    fields: dict[str, str], environ: str, expected: dict[str, str]
) -> None:
    span, variables = span_of(**fields), {"OTEL_RESOURCE_ATTRIBUTES": environ}
    assert resources_of([span], variables) == [{**expected, "service.framework": "tasker"}]
    zipkin = ZipkinEncoder(resource_attributes(variables)).encoded(span)
    assert zipkin["localEndpoint"]["serviceName"] == expected["service.name"]
    assert zipkin["tags"].get("service.version") == expected.get("service.version")


def test_two_versions_of_a_service_are_two_resources() -> None:
    spans = [span_of(service="shop", service_version=version) for version in ("1", "2", "1")]
    assert [r["service.version"] for r in resources_of(spans, {})] == ["1", "2"]


def test_a_line_of_json_tells_the_version_and_reads_back() -> None:
    span = span_of(service="shop", service_version="1.2.3")
    assert span_to_json(span)["service"] == {"name": "shop", "version": "1.2.3"}
    assert span_from_json(span_to_json(span)).version == "1.2.3"
