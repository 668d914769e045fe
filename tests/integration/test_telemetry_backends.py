"""The trace read back through a real backend's own query API is the trace that was exported.

Zipkin is always there; a Jaeger v2 is tried where its binary is on the PATH.
"""

import json
import urllib.error
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tasker_consumers.embedded import EmbeddedZipkin
from tasker_consumers.telemetry.app import build_exporter
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.attributes import PROVISIONAL
from tasker_consumers.telemetry.spans.span import ERROR, UNSET, Attributes, AttributeValue, Span, SpanEvent
from tests.support.processes import eventually
from tests.support.telemetry.histories import Told, failed_order, folded, order
from tests.support.telemetry.jaeger import Jaeger, get, jaeger, jaeger_on_disk

__all__ = ["jaeger", "jaeger_on_disk"]


@pytest.fixture(scope="module")
def zipkin() -> Iterator[str]:
    """The address of a running Zipkin."""
    with EmbeddedZipkin() as server:
        yield server.url


async def export(environ: dict[str, str], spans: Sequence[Span]) -> None:
    exporter = build_exporter(environ)
    await exporter.start()
    assert (await exporter.export(spans)).accepted == len(spans)
    await exporter.stop()


def in_zipkin(address: str, trace_id: str, count: int) -> dict[str, Any]:
    """The spans that Zipkin has of a trace, by id, when so many are there."""
    found: dict[str, Any] = {}

    def complete() -> bool:
        try:
            found.update({span["id"]: span for span in get(f"{address}/api/v2/trace/{trace_id}")})
        except urllib.error.HTTPError:
            return False  # not there yet
        return len(found) >= count

    assert eventually(complete)
    return found


@pytest.mark.parametrize("history", [order("z1"), failed_order("z2")])
async def test_zipkin_gives_back_the_tree_that_it_was_sent(zipkin: str, history: list[Told]) -> None:
    spans = spans_of(history)
    await export({"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_EXPORTER_ZIPKIN_ENDPOINT": f"{zipkin}/api/v2/spans"}, spans)
    found = in_zipkin(zipkin, spans[0].trace_id, len(spans))
    assert {span_id: of_zipkin(there) for span_id, there in found.items()} == {
        span.span_id: for_zipkin(span) for span in spans
    }


#: The resource's attributes but its service are tags of every span in Zipkin.
RESOURCE = {"service.framework": "tasker"}


def of_zipkin(there: dict[str, Any]) -> dict[str, Any]:
    """What a span of Zipkin's says, in our terms; links are tags there."""
    return {
        "name": there["name"],
        "times": (there["timestamp"], there["duration"]),
        "above": there.get("parentId"),
        "tags": {key: value for key, value in there["tags"].items() if not key.startswith("link.")},
        "linked": [json.loads(value)["span_id"] for key, value in there["tags"].items() if key.startswith("link.")],
        "events": sorted((note["timestamp"], note["value"]) for note in there.get("annotations", [])),
    }


def for_zipkin(span: Span) -> dict[str, Any]:
    """What Zipkin has to say of a span: to it, none is shorter than a microsecond, and every value is text."""
    status = {"otel.status_code": span.status} if span.status != UNSET else {}
    error = {"error": span.message} if span.status == ERROR else {}
    return {
        "name": span.name,
        "times": (span.start // 1000, max(1, (span.end - span.start) // 1000)),
        "above": span.parent_span_id,
        "tags": {**RESOURCE, **{name: text(value) for name, value in span.attributes.items()}, **status, **error},
        "linked": [link.span_id for link in span.links],
        "events": sorted((event.time // 1000, noted(event)) for event in span.events),
    }


def text(value: AttributeValue) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def noted(event: SpanEvent) -> str:
    return f'"{event.name}": {json.dumps(event.attributes)}' if event.attributes else event.name


async def test_zipkin_shows_a_running_task_and_then_its_final_span_under_the_same_id(zipkin: str) -> None:
    environ = {"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_EXPORTER_ZIPKIN_ENDPOINT": f"{zipkin}/api/v2/spans"}
    history = order("z3")
    (early,) = ready_spans(folded(history[:2]), Policy(provisional=True))
    await export(environ, [early])
    assert PROVISIONAL in in_zipkin(zipkin, early.trace_id, 1)[early.span_id]["tags"]
    final = spans_of(history)[0]
    await export(environ, [final])
    assert eventually(
        lambda: in_zipkin(zipkin, early.trace_id, 1)[early.span_id]["duration"] == (final.end - final.start) // 1000
    )
    tags = in_zipkin(zipkin, early.trace_id, 1)[early.span_id]["tags"]
    assert (tags["status"], PROVISIONAL in tags) == ("complete", False)


def of_jaeger(there: dict[str, Any]) -> dict[str, Any]:
    """What a span of Jaeger's says, in our terms; times in microseconds."""
    tags = {tag["key"]: tag["value"] for tag in there["tags"]}
    return {
        "name": there["operationName"],
        "times": (there["startTime"], there["duration"]),
        "above": [ref["spanID"] for ref in there["references"] if ref["refType"] == "CHILD_OF"],
        "linked": [(ref["traceID"], ref["spanID"]) for ref in there["references"] if ref["refType"] == "FOLLOWS_FROM"],
        "status": (tags.pop("otel.status_code", UNSET), tags.pop("otel.status_description", "")),
        "attributes": {k: v for k, v in tags.items() if not k.startswith(("otel.", "@jaeger", "span.kind"))},
        "events": [(log["timestamp"], {f["key"]: f["value"] for f in log["fields"]}) for log in there["logs"]],
    }


def for_jaeger(span: Span) -> dict[str, Any]:
    """What Jaeger has to say of a span; it shows a list as its JSON."""
    return {
        "name": span.name,
        "times": (span.start // 1000, (span.end - span.start) // 1000),
        "above": [span.parent_span_id] if span.parent_span_id else [],
        "linked": [(link.trace_id, link.span_id) for link in span.links],
        "status": (span.status, span.message),
        "attributes": {**shown(span.attributes), **({"error": True} if span.status == ERROR else {})},
        "events": [(event.time // 1000, {"event": event.name, **shown(event.attributes)}) for event in span.events],
    }


def shown(attributes: Attributes) -> dict[str, Any]:
    return {name: json.dumps(value) if isinstance(value, list) else value for name, value in attributes.items()}


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
@pytest.mark.parametrize("make", [order, failed_order])
async def test_jaeger_gives_back_the_tree_that_it_was_sent(
    jaeger: Jaeger, protocol: str, make: Callable[[str], list[Told]]
) -> None:
    spans = spans_of(make(f"{make.__name__}-{protocol}"))
    endpoint = jaeger.grpc if protocol == "grpc" else jaeger.http
    await export({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}, spans)
    assert eventually(lambda: len(jaeger.spans(spans[0].trace_id)) == len(spans))
    found = {there["spanID"]: of_jaeger(there) for there in jaeger.spans(spans[0].trace_id)}
    assert found == {span.span_id: for_jaeger(span) for span in spans}


async def as_shown(jaeger: Jaeger, task_id: str) -> list[tuple[bool, int]]:
    """A task whose span was exported when it began and when it ended, as Jaeger shows it: provisional?, duration."""
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": jaeger.http}
    history = order(task_id)
    (early,) = ready_spans(folded(history[:2]), Policy(provisional=True))
    await export(environ, [early])
    assert eventually(lambda: len(jaeger.spans(early.trace_id)) == 1)
    spans = spans_of(history)
    await export(environ, spans)
    ids = {span.span_id for span in spans}
    assert eventually(lambda: {there["spanID"] for there in jaeger.spans(early.trace_id)} == ids)
    shown = [there for there in jaeger.spans(early.trace_id) if there["spanID"] == early.span_id]
    return sorted((PROVISIONAL in {tag["key"] for tag in there["tags"]}, there["duration"]) for there in shown)


async def test_jaeger_shows_a_running_task_and_with_its_spans_in_memory_both_of_its_spans(jaeger: Jaeger) -> None:
    assert await as_shown(jaeger, "j3") == [(False, 6_000_000), (True, 0)]


async def test_jaeger_with_its_spans_in_badger_replaces_the_provisional_by_the_final_span(
    jaeger_on_disk: Jaeger,
) -> None:
    assert await as_shown(jaeger_on_disk, "j4") == [(False, 6_000_000)]
