"""The OpenTelemetry Collector between the same Kafka and the same backend, where its binary is at hand.

It does another job: it moves spans that are ready-made in Kafka (OTLP, `otlp_proto`), while ours rebuilds them from
events. So its time is that of carrying alone: how much of ours goes into the rebuilding. It is run twice, with as many
spans in a record as an SDK exports at once, and with one in each as events come. It commits offsets before the backend
has the spans; it is left as it is, only its queue is told to wait instead of to drop.

The binary is `otelcol` on the PATH, or the one that OTELCOL names. It must have the Kafka receiver, as the Collector's
`contrib` distribution does.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Producer

from benchmarks.arena import PREFIX, Arena
from benchmarks.engine_process import running
from benchmarks.span_sink import SpanSink
from benchmarks.workload import SourceRecord
from tasker_consumers.telemetry.export.otlp.encoder import OtlpEncoder
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import Span
from tasker_schemas.headers import Header
from tasker_schemas.topics import event_topic

#: As many as an SDK's batch processor hands to an exporter at most; also what the collector gathers for a request.
BATCH = 512
#: Engines by their names: how many spans a record holds.
COLLECTORS = {"collector, 512 spans a record": BATCH, "collector, a span a record": 1}
_QUIET_S = 3.0  # without a new request for so long, nothing more comes
_LIMIT_S = 300.0


def collector() -> str | None:
    """Return the collector's binary; None where there is none."""
    return shutil.which(os.environ.get("OTELCOL", "otelcol"))


class _Told(NamedTuple):
    topic: str
    key: bytes
    value: bytes
    headers: list[Header]


def spans_in(records: Iterable[SourceRecord]) -> list[Span]:
    """Return the spans that the records tell of."""
    return spans_of(_Told(event_topic(r.family, PREFIX), r.key, r.value, r.headers) for r in records)


@dataclass(frozen=True, slots=True)
class CollectorRace:
    """Ready-made spans on a topic of their own, and a collector that takes them to a backend."""

    arena: Arena
    binary: str
    per_record: int

    @property
    def _topic(self) -> str:
        return f"{PREFIX}.spans.{self.per_record}"

    @property
    def _group(self) -> str:
        return f"bench-collector-{self.per_record}"

    def fill(self, spans: Sequence[Span]) -> None:
        """Write the spans as export requests, as an application with OpenTelemetry's Kafka exporter would."""
        self.arena.create(self._topic)
        config = {"compression.type": "lz4", "queue.buffering.max.messages": 1_000_000, "log_level": 0}
        producer = Producer({"bootstrap.servers": self.arena.servers, **config})
        encoder = OtlpEncoder({"service.name": "shop"}, "1")
        for start in range(0, len(spans), self.per_record):
            for request, _ in encoder.requests(spans[start : start + self.per_record]):
                producer.produce(self._topic, request, str(start).encode())
                producer.poll(0)
        producer.flush(60)

    def run(self, sink: SpanSink) -> float:
        """Let it carry all spans to the sink; return the seconds from its first request to its last."""
        self.arena.forget(self._group)
        with tempfile.TemporaryDirectory(prefix="bench-collector-") as folder:
            config = Path(folder) / "config.json"
            config.write_text(json.dumps(self._config(sink.endpoint)), encoding="utf-8")
            with running([self.binary, "--config", str(config)], os.environ, "collector") as engine:
                engine.wait_for(lambda: _is_quiet(sink), _LIMIT_S)
        return sink.last_arrival() - min(arrival.at for arrival in sink.arrivals)

    def _config(self, endpoint: str) -> dict[str, Any]:
        source = {
            "brokers": self.arena.servers.split(","),
            "group_id": self._group,
            "initial_offset": "earliest",
            "traces": {"topics": [self._topic], "encoding": "otlp_proto"},
        }
        target = {"endpoint": endpoint, "compression": "none", "sending_queue": {"block_on_overflow": True}}
        pipeline = {"receivers": ["kafka"], "processors": ["batch"], "exporters": ["otlphttp"]}
        quiet = {"metrics": {"level": "none"}, "logs": {"level": "warn"}}
        return {
            "receivers": {"kafka": source},
            "processors": {"batch": {"send_batch_size": BATCH}},
            "exporters": {"otlphttp": target},
            "service": {"pipelines": {"traces": pipeline}, "telemetry": quiet},
        }


def _is_quiet(sink: SpanSink) -> bool:
    return bool(sink.arrivals) and time.time() - sink.last_arrival() > _QUIET_S
