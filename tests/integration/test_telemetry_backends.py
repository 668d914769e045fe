"""The trace read back through a real backend's own query API is the trace that was exported.

Zipkin is always there; a Jaeger v2 (OTLP on 4318, query API on 16686) is tried where its binary is on the PATH.
"""

import asyncio
import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tasker_consumers.embedded import EmbeddedZipkin
from tasker_consumers.telemetry.app import build_exporter
from tasker_consumers.telemetry.harvest import PROVISIONAL, harvest
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.spans.of_records import spans_of
from tasker_consumers.telemetry.spans.span import ERROR, Span
from tests.support.processes import eventually
from tests.support.telemetry_histories import Told, failed_order, folded, order

JAEGER = "http://127.0.0.1:16686"


@pytest.fixture(scope="module")
def zipkin() -> Iterator[str]:
    """The address of a running Zipkin."""
    with EmbeddedZipkin() as server:
        yield server.url


@pytest.fixture(scope="module")
def jaeger() -> Iterator[str]:
    """The address of a running Jaeger's query API."""
    binary = shutil.which("jaeger")
    if binary is None:
        pytest.skip("no Jaeger v2 binary named `jaeger` on the PATH")
    with subprocess.Popen([binary], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        assert eventually(lambda: answers(f"{JAEGER}/api/services"), 60)
        yield JAEGER
        process.terminate()


def answers(url: str) -> bool:
    try:
        get(url)
    except OSError:
        return False
    return True


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as response:
        return json.load(response)


def export(environ: dict[str, str], spans: Sequence[Span]) -> None:
    async def run() -> None:
        exporter = build_exporter(environ)
        await exporter.start()
        assert (await exporter.export(spans)).accepted == len(spans)
        await exporter.stop()

    asyncio.run(run())


def in_zipkin(address: str, trace_id: str, count: int) -> dict[str, Any]:
    """The spans that Zipkin has of a trace, by id, when so many are there."""
    found: dict[str, Any] = {}

    def complete() -> bool:
        try:
            found.update({span["id"]: span for span in get(f"{address}/api/v2/trace/{trace_id}")})
        except urllib.error.HTTPError:
            return False  # not there yet
        return len(found) >= count

    assert eventually(complete, 30)
    return found


@pytest.mark.parametrize("history", [order("z1"), failed_order("z2")])
def test_zipkin_gives_back_the_tree_that_it_was_sent(zipkin: str, history: list[Told]) -> None:
    spans = spans_of(history)
    export({"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_EXPORTER_ZIPKIN_ENDPOINT": f"{zipkin}/api/v2/spans"}, spans)
    found = in_zipkin(zipkin, spans[0].trace_id, len(spans))
    for span in spans:
        there = found[span.span_id]
        assert (there["name"], there.get("parentId")) == (span.name, span.parent_span_id)
        assert (there["timestamp"], there["duration"]) == (span.start // 1000, max(1, (span.end - span.start) // 1000))
        assert {name: str(there["tags"][name]) for name in ("task_id", "status")} == {
            name: str(span.attributes[name]) for name in ("task_id", "status")
        }
        assert len(there.get("annotations", [])) == len(span.events)
        assert ("error" in there["tags"]) == (span.status == ERROR)


def test_zipkin_shows_a_running_task_and_then_its_final_span_under_the_same_id(zipkin: str) -> None:
    environ = {"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_EXPORTER_ZIPKIN_ENDPOINT": f"{zipkin}/api/v2/spans"}
    history = order("z3")
    (early,) = harvest(folded(history[:2]), Policy(provisional=True))
    export(environ, [early])
    assert PROVISIONAL in in_zipkin(zipkin, early.trace_id, 1)[early.span_id]["tags"]
    final = spans_of(history)[0]
    export(environ, [final])
    assert eventually(
        lambda: in_zipkin(zipkin, early.trace_id, 1)[early.span_id]["duration"] == (final.end - final.start) // 1000
    )
    tags = in_zipkin(zipkin, early.trace_id, 1)[early.span_id]["tags"]
    assert (tags["status"], PROVISIONAL in tags) == ("complete", False)


@pytest.mark.parametrize("history", [order("j1"), failed_order("j2")])
def test_jaeger_gives_back_the_tree_that_it_was_sent(jaeger: str, history: list[Told]) -> None:
    spans = spans_of(history)
    export({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, spans)
    query = f"{jaeger}/api/traces/{spans[0].trace_id}"
    assert eventually(lambda: answers(query) and len(get(query)["data"][0]["spans"]) == len(spans), 30)
    found = {span["spanID"]: span for span in get(query)["data"][0]["spans"]}
    for span in spans:
        there = found[span.span_id]
        tags = {tag["key"]: tag["value"] for tag in there["tags"]}
        assert (there["operationName"], there["startTime"]) == (span.name, span.start // 1000)
        assert there["duration"] == (span.end - span.start) // 1000
        assert span.attributes.items() <= tags.items()
        assert len(there["logs"]) == len(span.events)
