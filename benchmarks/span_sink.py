"""A real OTLP receiver over HTTP that costs next to nothing: it keeps the bodies and reads them after the race."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan


class Arrival(NamedTuple):
    """One export request; `at` in seconds since the epoch."""

    at: float
    body: bytes


class SpanPlace(NamedTuple):
    """A span's place in its trace, ids in hex."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str


class SpanFacts(NamedTuple):
    """What a span says of its own, without the events and links that depend on what else was known by then."""

    place: SpanPlace
    start: int  # times in nanoseconds since the epoch
    end: int
    status: int  # as OTLP numbers it
    message: str
    attributes: frozenset[tuple[str, object]]


class SpanSink:
    """Receives spans on a free port as long as the `with` block lasts."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.arrivals))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def endpoint(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT must say."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def last_arrival(self) -> float:
        """Return when the last export came, in seconds since the epoch."""
        return max(arrival.at for arrival in self.arrivals)

    def arrived(self) -> Iterator[tuple[float, WireSpan]]:
        """Yield every span as often as it was received, with the time of its arrival in seconds since the epoch."""
        for at, body in self.arrivals:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        yield at, span


def facts_of(span: WireSpan) -> SpanFacts:
    """Return what a received span says."""
    values = ((one.key, one.value) for one in span.attributes)
    return SpanFacts(
        SpanPlace(span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.status.code,
        span.status.message,
        frozenset((name, getattr(value, str(value.WhichOneof("value")))) for name, value in values),
    )


def _handler(arrivals: list[Arrival]) -> type[BaseHTTPRequestHandler]:
    class Receive(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            zipped = self.headers.get("Content-Encoding") == "gzip"
            arrivals.append(Arrival(time.time(), gzip.decompress(body) if zipped else body))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  http.server's name
            """Say nothing."""

    return Receive
