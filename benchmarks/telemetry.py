"""`tasker run telemetry` against the stock path: consume, SDK span, batch processor, OTLP exporter.

Both export to the same real OTLP receiver over HTTP, in turns. A run counts when the receiver holds every span with
its trace, its id, its parent and its name. The clock runs from the first record handled to the last export.

Where there is an OpenTelemetry Collector (`peers/otel_collector.py`), it carries the same spans, ready-made, from Kafka
to the receiver. That is another job, so the table shows how long it takes in the same terms: as if it read our records.

    python -m benchmarks.telemetry [--rounds N] [--tasks N] [--json]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from benchmarks.arena import PREFIX, Arena, filled_arena
from benchmarks.engine_process import EngineFailed, running
from benchmarks.peers.otel_collector import COLLECTORS, CollectorRace, collector, spans_in
from benchmarks.rounds import Report, in_turns, ratio, read_options
from benchmarks.span_sink import SpanPlace, SpanSink
from benchmarks.workload import SourceRecord, workload
from tasker_schemas.headers import read_trace_headers
from tasker_schemas.identity import completion_span_id

# Its group and its command, by the name of an engine.
ENGINES: dict[str, tuple[str, list[str]]] = {
    "ours": (f"{PREFIX}-telemetry", ["-m", "benchmarks.ours", "telemetry"]),
    "stock": ("bench-stock", ["-m", "benchmarks.peers.stock_telemetry"]),
}
NAMES = {
    "step.completed": "tasker.step.processing",
    "step.failed": "tasker.step.processing",
    "task.completed": "tasker.task.started",
}
LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class TelemetryRace:
    """One workload on one Kafka, and the spans that must come out."""

    arena: Arena
    expected: frozenset[SpanPlace]

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
        found = set(sink.spans())
        if found != self.expected:
            missing, odd = self.expected - found, found - self.expected
            raise EngineFailed(
                f"{name}: {len(missing)} of {len(self.expected)} spans are missing, {len(odd)} are not expected, "
                f"for instance {next(iter(missing), None)}, {next(iter(odd), None)}"
            )


def expected_spans(records: Iterable[SourceRecord]) -> frozenset[SpanPlace]:
    """Return the span of every task, its end and its attempts, told by nothing but the records' headers."""
    spans: set[SpanPlace] = set()
    for record in records:
        name = NAMES.get(str(record.event["event_name"]))
        place = read_trace_headers(record.headers)
        if name is None or place.span is None:
            continue
        spans.add(
            SpanPlace(place.span.trace_id, place.span.span_id, place.parent.span_id if place.parent else "", name)
        )
        if name == "tasker.task.started":
            end = completion_span_id(record.key.decode())
            spans.add(SpanPlace(place.span.trace_id, end, place.span.span_id, "tasker.task.completed"))
    return frozenset(spans)


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
    Report(
        benchmark="telemetry",
        title=f"Telemetry: {arena.records:,} records, {len(expected):,} spans, every run verified",
        rates=rates,
        ratios=ratios,
        more={"records": arena.records, "spans": len(expected)},
    ).tell(console, as_json=options.as_json)


if __name__ == "__main__":
    main()
