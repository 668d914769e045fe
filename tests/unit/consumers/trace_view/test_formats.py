"""A run in the forms that other tools open."""

import json
import re
from xml.etree import ElementTree as ET

from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tasker_consumers.trace_view.otlp_json import otlp_json
from tasker_consumers.trace_view.page import page_data, render_page
from tasker_consumers.trace_view.perfetto import trace_events
from tasker_consumers.trace_view.svg import render_svg
from tests.support.runs import flat, run_of, tree_of
from tests.support.telemetry.histories import Told, attempt, failed_order, order

HOSTILE = "</script><script>alert(1)</script><!-- & \"quoted\" 'x'"


def test_otlp_json_has_the_spans_of_the_run_with_ids_in_hex() -> None:
    spans = run_of(order()).spans()
    document = otlp_json(spans, {})
    written = [span for resource in document["resourceSpans"] for span in resource["scopeSpans"][0]["spans"]]
    assert [(span["traceId"], span["spanId"]) for span in written] == [(s.trace_id, s.span_id) for s in spans]
    assert [int(span["startTimeUnixNano"]) for span in written] == [span.start for span in spans]
    assert {link["traceId"] for span in written for link in span.get("links", ())} == {spans[0].trace_id}
    assert ParseDict(document, ExportTraceServiceRequest()).ByteSize() > 0


def parallel() -> list[Told]:
    return [record for n in range(6) for record in attempt(f"s{n}", n, n + 3.5)]


def test_spans_of_one_lane_never_overlap_in_perfetto() -> None:
    document = trace_events(tree_of(run_of(parallel())))
    slices = [event for event in document["traceEvents"] if event["ph"] == "X" and event["tid"]]
    assert len(slices) == 6
    for event in slices:
        mates = [other for other in slices if other["tid"] == event["tid"] and other is not event]
        assert all(m["ts"] >= event["ts"] + event["dur"] or m["ts"] + m["dur"] <= event["ts"] for m in mates)


def test_the_picture_is_well_formed_and_has_a_bar_for_each_line() -> None:
    nodes = tree_of(run_of([*order(), *attempt("x", 7, 8, "failed", step_name=HOSTILE, error_message=HOSTILE)]))
    root = ET.fromstring(render_svg(nodes))
    assert len(root.findall(".//{*}rect")) == len(flat(nodes))
    assert any(HOSTILE in (title.text or "") for title in root.findall(".//{*}title"))


def test_the_page_needs_no_network_and_no_event_gets_out_of_its_data() -> None:
    run = run_of(attempt("x", 0, 1, "failed", step_name=HOSTILE, error_message=HOSTILE, task_name=HOSTILE))
    page = render_page(run, tree_of(run))
    assert page.count("<script") == page.count("</script>") == 2
    assert not re.search(r"""(?:src|href)=|https?://|\burl\(""", page)
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert HOSTILE in json.loads(data[1])["rows"][1][1]


def test_the_page_has_every_line_after_the_one_above_it() -> None:
    run = run_of([*order(), *failed_order("7")])
    rows = page_data(run, tree_of(run))["rows"]
    assert len(rows) == len(flat(tree_of(run)))
    assert all(row[0] < position for position, row in enumerate(rows))
    assert min(row[2] for row in rows) == 0
