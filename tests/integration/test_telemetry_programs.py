"""Spans and log records read back from an OpenTelemetry Collector, and log records from a real log backend.

Both are tried where their binaries are on the PATH: `otelcol` with the file exporter, and `victoria-logs`.
"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tasker_consumers.telemetry.app import build_exporter
from tasker_consumers.telemetry.export.log_backends import log_exporter_of
from tasker_consumers.telemetry.logs.log_records import log_records
from tasker_consumers.telemetry.logs.record import LogRecord
from tasker_consumers.telemetry.presentation.switches import EventSwitches
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import ERROR, OK, UNSET, Span
from tests.support.processes import eventually
from tests.support.telemetry.histories import T0, Told, failed_order, folded, order
from tests.support.telemetry.programs import Collector, LogBackend, collector, log_backend

__all__ = ["collector", "log_backend"]

BOTH = EventSwitches(events_as_logs=True, exceptions_as_logs=True)
PROTOCOLS = ["http/protobuf", "grpc"]
_STATUS = {0: UNSET, 1: OK, 2: ERROR}


def histories(task: str) -> list[list[Told]]:
    return [order(task), failed_order(f"{task}-failed")]


def send(environ: dict[str, str], task: str) -> tuple[list[Span], list[LogRecord]]:
    """Export the spans and the log records of two tasks."""
    spans = [span for history in histories(task) for span in spans_of(history)]
    records = [record for history in histories(task) for record in log_records(folded(history), BOTH, T0)]

    async def run() -> None:
        exporter, logs = build_exporter(environ), log_exporter_of(environ)
        await exporter.start()
        await logs.start()
        assert (await exporter.export(spans)).accepted == len(spans)
        assert (await logs.export(records)).accepted == len(records)
        await exporter.stop()
        await logs.stop()

    asyncio.run(run())
    return spans, records


def attributes_of(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {entry["key"]: value_of(entry["value"]) for entry in entries}


def value_of(value: dict[str, Any]) -> Any:
    """A value of OTLP's JSON, which writes integers as texts and leaves what is 0 or empty out."""
    ((kind, content),) = value.items()
    if kind == "arrayValue":
        return [value_of(item) for item in content.get("values", [])]
    return int(content) if kind == "intValue" else content


def span_there(span: dict[str, Any]) -> dict[str, Any]:
    return {
        "ids": (span["traceId"], span["spanId"], span.get("parentSpanId") or None),
        "name": span["name"],
        "times": (int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])),
        "status": (_STATUS[span["status"].get("code", 0)], span["status"].get("message", "")),
        "attributes": attributes_of(span["attributes"]),
        "events": [
            (int(e["timeUnixNano"]), e["name"], attributes_of(e.get("attributes", []))) for e in span.get("events", [])
        ],
        "links": [(k["traceId"], k["spanId"], attributes_of(k["attributes"])) for k in span.get("links", [])],
    }


def span_here(span: Span) -> dict[str, Any]:
    return {
        "ids": (span.trace_id, span.span_id, span.parent_span_id),
        "name": span.name,
        "times": (span.start, span.end),
        "status": (span.status, span.message),
        "attributes": span.attributes,
        "events": [(event.time, event.name, event.attributes) for event in span.events],
        "links": [(link.trace_id, link.span_id, link.attributes) for link in span.links],
    }


def record_there(record: dict[str, Any]) -> LogRecord:
    return LogRecord(
        trace_id=record["traceId"],
        span_id=record["spanId"],
        time=int(record["timeUnixNano"]),
        observed=int(record["observedTimeUnixNano"]),
        severity=record["severityNumber"],
        event_name=record["eventName"],
        body=record["body"]["stringValue"],
        attributes=attributes_of(record["attributes"]),
        service="",
        version="",
        flags=record["flags"],
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_collector_gives_back_spans_and_log_records_field_by_field(collector: Collector, protocol: str) -> None:
    endpoint = collector.grpc if protocol == "grpc" else collector.http
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    spans, records = send(environ, f"c-{protocol}")
    traces = {span.trace_id for span in spans}

    def spans_there() -> list[dict[str, Any]]:
        return [span_there(span) for span in collector.spans() if span["traceId"] in traces]

    def records_there() -> list[LogRecord]:
        return [record_there(record) for record in collector.records() if record["traceId"] in traces]

    assert eventually(lambda: len(spans_there()) >= len(spans) and len(records_there()) >= len(records))
    assert spans_there() == [span_here(span) for span in spans]
    assert sorted(records_there()) == sorted(replace(record, service="", version="") for record in records)


def test_a_collector_takes_zipkins_spans_too(collector: Collector) -> None:
    environ = {"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_EXPORTER_ZIPKIN_ENDPOINT": collector.zipkin}
    spans, _ = send({**environ, "OTEL_LOGS_EXPORTER": "none"}, "z")
    ids = {(span.trace_id, span.span_id) for span in spans}
    assert eventually(lambda: ids <= {(there["traceId"], there["spanId"]) for there in collector.spans()})


def test_a_log_backend_leads_from_a_trace_to_its_events_and_back(log_backend: LogBackend) -> None:
    environ = {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": log_backend.endpoint}
    spans, records = send(environ, "v")
    trace_id = spans[0].trace_id
    expected = [record for record in records if record.trace_id == trace_id]
    assert eventually(lambda: len(log_backend.records(f"trace_id:{trace_id}")) == len(expected))
    found = log_backend.records(f"trace_id:{trace_id}")
    assert {(there["event_id"], there["event_name"], there["span_id"], there["_msg"]) for there in found} == {
        (record.attributes["event_id"], record.event_name, record.span_id, record.body) for record in expected
    }
    span_ids = {span.span_id for span in spans if span.trace_id == trace_id}
    assert {there["span_id"] for there in found} <= span_ids
    failures = log_backend.records("severity_text:Error event_name:tasker.step.exception")
    assert {there["exception.type"] for there in failures} == {"gateway.Timeout"}
