"""A trace backend over HTTP that answers as a test says, for OTLP and for Zipkin; it keeps the spans that it takes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.telemetry.wire_spans import attributes_of


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: the ids of its spans, and the tasks that they belong to."""

    method: str
    path: str
    headers: dict[str, str]
    span_ids: tuple[str, ...] = ()
    task_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reply:
    """How a request is answered; the spans of a POST with `keeps` are kept."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    keeps: bool = False


TAKES = Reply(keeps=True)
PAGE = Reply(200, {"Content-Type": "text/html; charset=utf-8"}, b"<!doctype html><title>Sign in</title>")


@dataclass
class HttpBackend:
    """Answers each request by `reply_to`."""

    reply_to: Callable[[Request], Reply] = lambda _: TAKES
    requests: list[Request] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # ids of spans, in the order of their arrival
    url: str = ""

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"backend": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def exporter(self, kind: str) -> dict[str, str]:
        """Return the variables of an exporter of this kind, otlp or zipkin, to this backend."""
        name = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" if kind == "otlp" else "OTEL_EXPORTER_ZIPKIN_ENDPOINT"
        return {"OTEL_TRACES_EXPORTER": kind, name: f"{self.url}/spans"}


class _Handler(BaseHTTPRequestHandler):
    backend: HttpBackend
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        ids, tasks = _spans_in(self.headers.get("Content-Type", ""), body)
        self._reply(Request("POST", self.path, dict(self.headers), ids, tasks))

    def do_GET(self) -> None:
        self._reply(Request("GET", self.path, dict(self.headers)))

    def _reply(self, request: Request) -> None:
        self.backend.requests.append(request)
        reply = self.backend.reply_to(request)
        if reply.keeps:
            self.backend.kept += request.span_ids
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _spans_in(content_type: str, body: bytes) -> tuple[tuple[str, ...], frozenset[str]]:
    if content_type == "application/json":
        spans = json.loads(body)
        return tuple(span["id"] for span in spans), frozenset(span["tags"].get("task_id", "") for span in spans)
    request = ExportTraceServiceRequest.FromString(body)
    wire = [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]
    return tuple(span.span_id.hex() for span in wire), frozenset(
        attributes_of(span).get("task_id", "") for span in wire
    )
