"""How long after an event its statistics are in the stats topic, and the span that it ended in the trace backend.

Events come at a steady rate. The clock of each starts at the moment when it was to be sent, whatever held it up; it
stops when a consumer of the stats topic, or a real OTLP receiver, has what the event changed. A worker of each group
and Kafka share the machine. The first seconds are left out: the workers warm up.

    python -m benchmarks.latency [--rate N] [--seconds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from statistics import quantiles

from confluent_kafka import Consumer, Producer, TopicPartition
from rich.console import Console

from benchmarks.arena import PARTITIONS, PREFIX, Arena, filled_arena
from benchmarks.engine_process import EngineFailed, wait_for
from benchmarks.our_worker import OUTPUTS, our_worker
from benchmarks.span_sink import SpanSink
from benchmarks.workload import SourceRecord, workload
from tasker_producer.delivery.client import DEFAULTS, FIXED
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.headers import read_trace_headers
from tasker_schemas.names import StepEvents
from tasker_schemas.topics import event_topic

WARM_UP_S = 5.0
LIMIT_S = 60.0
ENDS = {str(StepEvents.COMPLETED), str(StepEvents.FAILED)}
#: An event by its task and its number among the task's different events: statistics tell how many they know.
Place = tuple[bytes, int]


class StatsWatch(threading.Thread):
    """Notes when statistics arrive that know so many events of a task."""

    def __init__(self, servers: str) -> None:
        super().__init__(daemon=True)
        self.seen: dict[Place, float] = {}
        self._closed = threading.Event()
        self._consumer = Consumer({"bootstrap.servers": servers, "group.id": "bench-watch", "log_level": 0})
        self._consumer.assign([TopicPartition(OUTPUTS[0], number, 0) for number in range(PARTITIONS)])

    def run(self) -> None:
        decode, known = Decoder().decode, defaultdict[bytes, int](int)
        while not self._closed.is_set():
            message = self._consumer.poll(0.1)
            if message is None or message.error() is not None:
                continue
            now, key = time.time(), message.key()
            count = decode("TaskStats", message.value())["revision"] // 2
            for number in range(known[key] + 1, count + 1):
                self.seen[key, number] = now
            known[key] = max(known[key], count)

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()
        self.join(10)
        self._consumer.close()


@dataclass(slots=True)
class Sent:
    """When each event was to be sent, in seconds since the epoch, by what it changes."""

    stats: dict[Place, float] = field(default_factory=dict)
    spans: dict[str, float] = field(default_factory=dict)

    def note(self, record: SourceRecord, number: int, due: float) -> None:
        """Remember an event."""
        self.stats[record.key, number] = due
        span = read_trace_headers(record.headers).span
        if record.event["event_name"] in ENDS and span is not None:
            self.spans[span.span_id] = due


def send(arena: Arena, records: Iterable[SourceRecord], rate: float) -> Sent:
    """Send events at a steady rate as our publisher's client does; a second copy of one is not counted."""
    producer = Producer({**DEFAULTS, **FIXED, "bootstrap.servers": arena.servers})
    sent, known = Sent(), defaultdict[bytes, set[object]](set)
    begin = time.time()
    for place, record in enumerate(records):
        due = begin + place / rate
        while (early := due - time.time()) > 0:
            producer.poll(early)
        events = known[record.key]
        if record.event["event_id"] not in events:
            events.add(record.event["event_id"])
            if due - begin > WARM_UP_S:
                sent.note(record, len(events), due)
        producer.produce(event_topic(record.family, PREFIX), record.value, record.key, headers=record.headers)
    if producer.flush(LIMIT_S):
        raise EngineFailed("events could not be sent")
    return sent


def measure(arena: Arena, rate: float, seconds: float) -> dict[str, list[float]]:
    """Return the latencies of all events in milliseconds, by what was waited for."""
    arena.create(*OUTPUTS, compact=True)
    count = round(rate * (seconds + WARM_UP_S))
    told = workload(count // 10)  # a task has a dozen events
    records = [record for _, record in zip(range(count), told, strict=False)]
    with closing(StatsWatch(arena.servers)) as watch, SpanSink() as sink:
        watch.start()
        exporter = {"OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
        with our_worker(arena.servers) as stats, our_worker(arena.servers, "telemetry", **exporter) as telemetry:
            wait_for(lambda: stats.is_ready() and telemetry.is_ready(), LIMIT_S, "the workers do not get ready")
            sent = send(arena, records, rate)
            wait_for(lambda: sent.stats.keys() <= watch.seen.keys(), LIMIT_S, "statistics are missing")
            wait_for(lambda: sent.spans.keys() <= _arrivals(sink).keys(), LIMIT_S, "spans are missing")
    arrived = _arrivals(sink)
    return {
        "stats": [1000 * (watch.seen[place] - due) for place, due in sent.stats.items()],
        "spans": [1000 * (arrived[span_id] - due) for span_id, due in sent.spans.items()],
    }


def _arrivals(sink: SpanSink) -> dict[str, float]:
    """Return when each span came first, by its id."""
    found: dict[str, float] = {}
    for at, span in sink.arrived():
        found.setdefault(span.span_id.hex(), at)
    return found


def main() -> None:
    """Measure, and print the percentiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=1000.0, help="events per second (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=30.0, help="without the warm-up (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON with every figure")
    options = parser.parse_args()
    console = Console(stderr=options.json)
    with filled_arena([], console) as arena:
        latencies = measure(arena, options.rate, options.seconds)
    figures = {}
    for name, values in latencies.items():
        percentiles = [round(value, 2) for value in quantiles(values, n=1000, method="inclusive")]
        p50, p99 = percentiles[499], percentiles[989]
        figures[name] = {"events": len(values), "p50_ms": p50, "p99_ms": p99, "permille_ms": percentiles}
        console.print(f"{name:6} {len(values):7,} events: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {max(values):.1f} ms")
    if options.json:
        print(json.dumps({"benchmark": "latency", "rate": options.rate, "seconds": options.seconds, **figures}))


if __name__ == "__main__":
    main()
