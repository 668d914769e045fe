"""`tasker run telemetry` against the stock path: consume, SDK span, batch processor, OTLP exporter.

Both export to the same real OTLP receiver over HTTP, in turns. A run counts when the receiver holds every span, in its
place in its trace, with its times, status and attributes. The clock runs from the first record handled to the last
export.

Where there is an OpenTelemetry Collector (`peers/otel_collector.py`), it carries the same spans, ready-made, from Kafka
to the receiver. That is another job, so the table shows how long it takes in the same terms: as if it read our records.

Events as log records follow, beside the SDK's log path (`log_records.py`).

    python -m benchmarks.telemetry [--rounds N] [--tasks N] [--json]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import cast

from rich.console import Console

from benchmarks.arena import PREFIX, Arena, filled_arena
from benchmarks.engine_process import EngineFailed, running
from benchmarks.log_records import TASKS as LOG_TASKS
from benchmarks.log_records import ratio_of_logs
from benchmarks.peers.otel_collector import COLLECTORS, CollectorRace, collector, spans_in
from benchmarks.rounds import Report, in_turns, ratio, read_options
from benchmarks.span_sink import SpanFacts, SpanPlace, SpanSink, facts_of
from benchmarks.workload import Event, SourceRecord, workload
from tasker_schemas.headers import SpanRef, read_trace_headers
from tasker_schemas.identity import completion_span_id

# Its group and its command, by the name of an engine.
ENGINES: dict[str, tuple[str, list[str]]] = {
    "ours": (f"{PREFIX}-telemetry", ["-m", "benchmarks.ours", "telemetry"]),
    "stock": ("bench-stock", ["-m", "benchmarks.peers.stock_telemetry"]),
}
TASK_SPAN, END_SPAN, STEP_SPAN = "tasker.task.started", "tasker.task.completed", "tasker.step.processing"
# The fields of the last event that are attributes of its span.
_SUBJECT = ("task_id", "task_name", "correlation_id", "producer")
OF_STEP = (*_SUBJECT, "step_id", "step_name", "attempt_number", "retry_limit")
OF_END = (*_SUBJECT, "total_steps", "completed_steps", "failed_steps")
OF_TASK = (*OF_END, "pending_steps")
LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class TelemetryRace:
    """One workload on one Kafka, and the spans that must come out."""

    arena: Arena
    expected: frozenset[SpanFacts]

    def carry(self, name: str, collectors: CollectorRace, _round: int) -> float:
        """Let a collector carry the spans; return the source records per second that its time stands for."""
        with SpanSink() as sink:
            seconds = collectors.run(sink)
            self._check(name, sink)
            return self.arena.records / seconds

    def run(self, name: str, _round: int) -> float:
        """Let an engine work from an empty state to the end; return its records per second."""
        group, arguments = ENGINES[name]
        self.arena.forget(group)
        with SpanSink() as sink:
            environ = {
                **os.environ,
                "KAFKA_BOOTSTRAP_SERVERS": self.arena.servers,
                "TASKER_TOPIC_PREFIX": PREFIX,
                "OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint,
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            }
            peer = [] if name == "ours" else [self.arena.servers, group]
            with running([sys.executable, *arguments, *peer], environ, name) as engine:
                engine.wait_for(lambda: self.arena.has_read_all(group), LIMIT_S)
                began_at = engine.began_at()
            self._check(name, sink)
            return self.arena.records / (sink.last_arrival() - began_at)

    def _check(self, name: str, sink: SpanSink) -> None:
        found = {facts_of(span) for _, span in sink.arrived()}
        if found != self.expected:
            missing, odd = self.expected - found, found - self.expected
            raise EngineFailed(
                f"{name}: {len(missing)} of {len(self.expected)} spans are missing, {len(odd)} are not expected, "
                f"for instance {next(iter(missing), None)}, {next(iter(odd), None)}"
            )


def expected_spans(records: Iterable[SourceRecord]) -> frozenset[SpanFacts]:
    """Return the span of every task, its end and its attempts, told by nothing but the records."""
    spans: set[SpanFacts] = set()
    started: dict[bytes, int] = {}
    for record in records:
        event, place = record.event, read_trace_headers(record.headers)
        assert place.span is not None
        name = str(event["event_name"])
        if name == "task.start_requested":
            started[record.key] = cast("int", event["started_at"])
        elif name == "task.completed":
            root = _facts(place.span, "", TASK_SPAN, event, started[record.key], OF_TASK)
            end = SpanRef(place.span.trace_id, completion_span_id(record.key.decode()))
            mark = _facts(end, place.span.span_id, END_SPAN, event, cast("int", event["completed_at"]), OF_END)
            spans |= {root, mark}
        elif name in ("step.completed", "step.failed"):
            parent = place.parent.span_id if place.parent else ""
            spans.add(_facts(place.span, parent, STEP_SPAN, event, cast("int", event["started_at"]), OF_STEP))
    return frozenset(spans)


def _facts(own: SpanRef, parent: str, name: str, event: Event, start: int, attributes: Sequence[str]) -> SpanFacts:
    """Return the span of an event that ends it."""
    end = cast("int", event["completed_at"])
    failed = "error_message" in event
    found = {key: event[key] for key in attributes if key in event} | {"status": "error" if failed else "complete"}
    if failed:
        found["error.type"] = event["error_class"]
    if name == END_SPAN:
        found["completion_time"] = datetime.fromtimestamp(end / 1e6, UTC).isoformat().replace("+00:00", "Z")
    else:
        found |= {**cast("Event", event["attributes"]), "execution_duration": (end - start) / 1e6}
    return SpanFacts(
        SpanPlace(own.trace_id, own.span_id, parent, name),
        start * 1000,
        end * 1000,
        2 if failed else 1,
        str(event.get("error_message", "")),
        frozenset(found.items()),
    )


def collector_races(arena: Arena, records: Iterable[SourceRecord], console: Console) -> dict[str, CollectorRace]:
    """Return the collector's races, their topics filled; none where there is no collector."""
    binary = collector()
    if binary is None:
        console.print(
            "No OpenTelemetry Collector: `otelcol` is not on the PATH, and OTELCOL names none. It is left out."
        )
        return {}
    spans = spans_in(records)
    races = {name: CollectorRace(arena, binary, per_record) for name, per_record in COLLECTORS.items()}
    for race in races.values():
        race.fill(spans)
    return races


def main() -> None:
    """Run the race and print what came out."""
    options = read_options(__doc__, rounds=3, tasks=10_000)
    console = Console(stderr=options.as_json)
    records = list(workload(options.tasks))
    expected = expected_spans(records)
    with filled_arena(records, console) as arena:
        collectors = collector_races(arena, records, console)
        records.clear()
        race = TelemetryRace(arena, expected)
        engines = {name: partial(race.run, name) for name in ENGINES}
        carriers = {name: partial(race.carry, name, carrier) for name, carrier in collectors.items()}
        rates = in_turns({**engines, **carriers}, options.rounds, console)
    ratios = {"ratio_stock": ratio(rates, "ours", "stock")}
    ratios |= {f"ratio_collector_{COLLECTORS[name]}": ratio(rates, "ours", name) for name in collectors}
    ratios |= ratio_of_logs(options.rounds, LOG_TASKS, console)
    Report(
        benchmark="telemetry",
        title=f"Telemetry: {arena.records:,} records, {len(expected):,} spans, every run verified",
        rates=rates,
        ratios=ratios,
        more={"records": arena.records, "spans": len(expected)},
    ).tell(console, as_json=options.as_json)


if __name__ == "__main__":
    main()
