"""The stock path to spans: consume, make a span with the OpenTelemetry SDK, export it with its batch processor.

The spans are those of ours, with the same times, attributes and events; the SDK cannot move a start, so events wait in
memory for the one that ends the span. It is given every other advantage: it keeps no state that survives a crash, takes
no late event, commits without waiting for the export, masks nothing, and its queue is so long that nothing is dropped.

    OTEL_EXPORTER_OTLP_ENDPOINT=... python -m benchmarks.peers.stock_telemetry SERVERS GROUP
"""

from __future__ import annotations

import io
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import Consumer
from fastavro import schemaless_reader
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from benchmarks.arena import SOURCES
from benchmarks.engine_process import note_first_record
from tasker_schemas.avro.versions import latest
from tasker_schemas.headers import SpanRef, TraceHeaders, read_trace_headers
from tasker_schemas.identity import completion_span_id, step_span_id

SCHEMA_OF_TOPIC = {SOURCES[0]: latest("TaskEvent").plain, SOURCES[1]: latest("StepEvent").plain}
FRAME_SIZE = 10
FINAL = {"step.completed", "step.failed", "task.completed"}
NAMES = {"step.handle": "step.started", "task.start_requested": "task.started"}
SUBJECT = ("task_id", "task_name", "correlation_id", "producer")
COUNTERS = ("total_steps", "completed_steps", "failed_steps")
OF_STEP = ("step_id", "step_name", "attempt_number", "retry_limit")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Event = dict[str, Any]


class GivenIds(IdGenerator):
    """Gives the next span the ids that it must have."""

    def __init__(self) -> None:
        self.next = SpanRef("0" * 32, "0" * 16)

    def generate_trace_id(self) -> int:
        return int(self.next.trace_id, 16)

    def generate_span_id(self) -> int:
        return int(self.next.span_id, 16)


class StockPath:
    """Turns final events into SDK spans."""

    def __init__(self) -> None:
        self._ids = GivenIds()
        self.provider = TracerProvider(
            resource=Resource({"service.name": "shop", "service.framework": "tasker"}), id_generator=self._ids
        )
        self.provider.add_span_processor(
            BatchSpanProcessor(
                OTLPSpanExporter(), max_queue_size=2_000_000, schedule_delay_millis=100, max_export_batch_size=2048
            )
        )
        self._tracer = self.provider.get_tracer("tasker")
        self._seen: set[str] = set()
        self._told: dict[str, list[Event]] = {}  # the events of a span

    def take(self, event: Event, trace: TraceHeaders) -> None:
        """Remember an event of a span, and make the spans that it ends."""
        if event["event_id"] in self._seen or trace.span is None:
            return
        self._seen.add(event["event_id"])
        told = self._told.setdefault(trace.span.span_id, [])
        told.append(event)
        if event["event_name"] not in FINAL:
            return
        del self._told[trace.span.span_id]
        if event["event_name"] == "task.completed":
            self._task(event, trace.span, told)
        else:
            self._attempt(event, trace.span, trace.parent, told)

    def _task(self, event: Event, place: SpanRef, told: list[Event]) -> None:
        self._ids.next = place
        start, end = min(one["started_at"] for one in told if one["started_at"]), event["completed_at"]
        common = {"status": "complete", **_known(event, *SUBJECT, *COUNTERS)}
        more = {**event["attributes"], "pending_steps": event["pending_steps"]}
        root = self._tracer.start_span(
            "tasker.task.started",
            attributes={**common, **more, "execution_duration": (end - start) / 1e6},
            start_time=start * 1000,
        )
        _tell(root, told)
        root.set_status(Status(StatusCode.OK))
        root.end(end * 1000)
        self._ids.next = SpanRef(place.trace_id, completion_span_id(event["task_id"]))
        marker = self._tracer.start_span(
            "tasker.task.completed",
            set_span_in_context(NonRecordingSpan(_context(place))),
            attributes={**common, "completion_time": _iso(end)},
            start_time=end * 1000,
        )
        marker.set_status(Status(StatusCode.OK))
        marker.end(end * 1000)

    def _attempt(self, event: Event, place: SpanRef, parent: SpanRef | None, told: list[Event]) -> None:
        self._ids.next = place
        failed = event["event_name"] == "step.failed"
        span = self._tracer.start_span(
            "tasker.step.processing",
            None if parent is None else set_span_in_context(NonRecordingSpan(_context(parent))),
            attributes={
                **event["attributes"],
                **_known(event, *SUBJECT, *OF_STEP),
                "execution_duration": (event["completed_at"] - event["started_at"]) / 1e6,
                "status": "error" if failed else "complete",
                **({"error.type": event["error_class"]} if failed else {}),
            },
            links=_links(event, place.trace_id),
            start_time=event["started_at"] * 1000,
        )
        _tell(span, told)
        if failed:
            error = {
                "exception.type": event["error_class"],
                "exception.message": event["error_message"],
                "exception.stacktrace": "\n".join(event["backtrace"]),
            }
            span.add_event("exception", error, event["timestamp"] * 1000)
            span.set_status(Status(StatusCode.ERROR, event["error_message"]))
        else:
            span.set_status(Status(StatusCode.OK))
        span.end(event["completed_at"] * 1000)


def _tell(span: Span, told: list[Event]) -> None:
    for event in told:
        name: str = event["event_name"]
        span.add_event(NAMES.get(name, name), timestamp=event["timestamp"] * 1000)


def _known(event: Event, *names: str) -> dict[str, Any]:
    return {name: event[name] for name in names if event[name] is not None}


def _iso(micros: int) -> str:
    return (EPOCH + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")


def _links(event: Event, trace_id: str) -> list[Link]:
    task_id, step_id, attempt = event["task_id"], event["step_id"], event["attempt_number"]
    links = []
    if attempt > 1:
        before = SpanRef(trace_id, step_span_id(task_id, step_id, attempt - 1))
        links.append(Link(_context(before), {"tasker.link": "previous_attempt"}))
    for parent in event["depends_on"] or ():
        other = SpanRef(trace_id, step_span_id(task_id, parent, 1))
        links.append(Link(_context(other), {"tasker.link": "depends_on", "step_id": parent}))
    return links


def _context(place: SpanRef) -> SpanContext:
    return SpanContext(int(place.trace_id, 16), int(place.span_id, 16), is_remote=True, trace_flags=TraceFlags(1))


def main(servers: str, group: str) -> None:
    """Consume until SIGTERM, then export what is left."""
    going = [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 6000,
            "auto.commit.interval.ms": 500,
        }
    )
    consumer.subscribe(list(SOURCES))
    path = StockPath()
    begun = False
    while going:
        for message in consumer.consume(4000, 0.1):
            if not begun:
                begun = True
                note_first_record()
            body = io.BytesIO(message.value())
            body.seek(FRAME_SIZE)
            event: Any = schemaless_reader(body, SCHEMA_OF_TOPIC[message.topic()], None)
            path.take(event, read_trace_headers(message.headers() or ()))
    consumer.close()
    path.provider.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:3])
