"""A real OTLP receiver for traces, logs and metrics, over HTTP and gRPC, that can be told to misbehave."""

from __future__ import annotations

import gzip
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage  # type: ignore[import-untyped]
from google.protobuf.duration_pb2 import Duration  # type: ignore[import-untyped]
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2_grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as WireRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from tests.support.telemetry.span_rules import broken_rules_on_the_wire, broken_trees_on_the_wire
from tests.support.telemetry.wire_spans import attributes_of


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """How the receiver answers one request instead of taking it."""

    status: int = 200  # of HTTP; gRPC answers with the code that means the same
    retry_after: int | None = None  # seconds
    rejected: int = 0  # spans of a partial success
    words: str = "as told"
    hangs: bool = False  # no answer until the receiver is closed
    code: str = ""  # of gRPC, where the status has none of its own


_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT, 401: grpc.StatusCode.UNAUTHENTICATED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED, 503: grpc.StatusCode.UNAVAILABLE,
}  # fmt: skip


@dataclass
class OtlpReceiver:
    """Keeps every span that it took, and holds every batch to OpenTelemetry's rules; `http`, `grpc`: its endpoints."""

    spans: list[WireSpan] = field(default_factory=list)
    records: list[WireRecord] = field(default_factory=list)
    record_services: list[str] = field(default_factory=list)  # service.name of each log record
    services: dict[bytes, str] = field(default_factory=dict)  # service.name by span id
    metrics: dict[str, Metric] = field(default_factory=dict)  # the last of each name, over HTTP
    faults: list[str] = field(default_factory=list)  # rules that were broken by any batch, taken or not
    requests: int = 0
    headers: dict[str, str] = field(default_factory=dict)  # of the last request
    misbehaviours: deque[Misbehaviour] = field(default_factory=deque)  # for the next requests, one each
    refuses: Callable[[WireSpan], bool] = lambda _: False  # 400 for each request with such a span
    refusal_code: str = ""  # of gRPC, instead of that of 400
    refuses_record: Callable[[WireRecord], bool] = lambda _: False  # the same for log records
    log_misbehaviours: deque[Misbehaviour] = field(default_factory=deque)  # for the next requests with log records
    is_away: bool = False
    http: str = ""
    grpc: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        self._listen(0)
        self.http = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._grpc = grpc.server(ThreadPoolExecutor(4))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(_GrpcService(self), self._grpc)  # type: ignore[no-untyped-call]
        logs_service_pb2_grpc.add_LogsServiceServicer_to_server(_GrpcLogs(self), self._grpc)  # type: ignore[no-untyped-call]
        self.grpc = f"http://127.0.0.1:{self._grpc.add_insecure_port('127.0.0.1:0')}"
        self._grpc.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._grpc.stop(0).wait()

    def _listen(self, port: int) -> None:
        handler = type("Handler", (_HttpHandler,), {"receiver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Be gone while the block lasts, over HTTP: nobody listens, open connections break, and nothing is taken."""
        with self._lock:
            self.is_away = True
        self._server.shutdown()
        self._server.server_close()
        yield
        self.is_away = False
        self._listen(self._server.server_address[1])

    def take(self, request: ExportTraceServiceRequest, headers: dict[str, str]) -> Misbehaviour:
        """Keep the spans of a request, unless it was told otherwise; returns how to answer."""
        found = [
            (span, _service(resource.resource)) for resource in request.resource_spans for span in _spans(resource)
        ]
        faults = broken_rules_on_the_wire(span for span, _ in found)
        with self._lock:
            self.requests += 1
            self.headers = headers
            self.faults += faults
            told = self.misbehaviours.popleft() if self.misbehaviours else Misbehaviour()
        if told.hangs:
            self._closing.wait(60)
        elif told.status == 200 and any(self.refuses(span) for span, _ in found):
            return Misbehaviour(status=400, words="this span is not for me", code=self.refusal_code)
        elif told.status == 200:
            with self._lock:
                if self.is_away:  # since this request came
                    return Misbehaviour(hangs=True)
                self.keep(found[told.rejected :])
        return told

    def take_logs(self, request: ExportLogsServiceRequest, headers: dict[str, str]) -> Misbehaviour:
        """Keep the log records of a request, unless it was told otherwise; returns how to answer."""
        found = [
            (record, _service(resource.resource))
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]
        with self._lock:
            self.headers = headers
            told = self.log_misbehaviours.popleft() if self.log_misbehaviours else Misbehaviour()
        if told.status == 200 and any(self.refuses_record(record) for record, _ in found):
            return Misbehaviour(status=400, words="this record is not for me")
        if told.status == 200:
            with self._lock:
                self.records += [record for record, _ in found[told.rejected :]]
                self.record_services += [service for _, service in found[told.rejected :]]
        return told

    def keep(self, taken: list[tuple[WireSpan, str]]) -> None:
        """Keep spans with the names of their services."""
        self.spans += [span for span, _ in taken]
        self.services |= {span.span_id: service for span, service in taken}

    def take_metrics(self, request: ExportMetricsServiceRequest, headers: dict[str, str]) -> Misbehaviour:
        """Keep the metrics of a request."""
        scopes = [scope for resource in request.resource_metrics for scope in resource.scope_metrics]
        with self._lock:
            self.headers = headers
            self.metrics |= {metric.name: metric for scope in scopes for metric in scope.metrics}
        return Misbehaviour()

    def latest(self) -> dict[str, WireSpan]:
        """Return the spans by their ids; of one that came again, the last."""
        return {span.span_id.hex(): span for span in list(self.spans)}

    def wait_for(self, count: int, seconds: float = 60) -> dict[str, WireSpan]:
        """Return the spans when so many different ones are there."""
        deadline = time.monotonic() + seconds
        while len(found := self.latest()) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds:.0f} s in vain for {count} spans: there are {len(found)}")
            time.sleep(0.05)
        return found


def _service(resource: Resource) -> str:
    return str(attributes_of(resource).get("service.name", ""))


def _spans(resource: ResourceSpans) -> Iterator[WireSpan]:
    for scope in resource.scope_spans:
        yield from scope.spans


class _HttpHandler(BaseHTTPRequestHandler):
    receiver: ClassVar[OtlpReceiver]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.receiver.is_away:
            self.close_connection = True
            return
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        headers = {name.lower(): value for name, value in self.headers.items()} | {"path": self.path}
        if self.path == "/v1/metrics":
            told = self.receiver.take_metrics(ExportMetricsServiceRequest.FromString(body), headers)
        elif self.path == "/v1/logs":
            told = self.receiver.take_logs(ExportLogsServiceRequest.FromString(body), headers)
        else:
            told = self.receiver.take(ExportTraceServiceRequest.FromString(body), headers)
        if told.hangs:
            self.close_connection = True
            return
        answer = told.words.encode() if told.status != 200 else _response(told).SerializeToString()
        self.send_response(told.status)
        self.send_header("Content-Length", str(len(answer)))
        if told.retry_after is not None:
            self.send_header("Retry-After", str(told.retry_after))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _GrpcService(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, receiver: OtlpReceiver) -> None:
        self._receiver = receiver

    def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:  # noqa: N802  gRPC's name
        told = self._receiver.take(request, dict(context.invocation_metadata()))
        _abort_unless_taken(context, told)
        return _response(told)


class _GrpcLogs(logs_service_pb2_grpc.LogsServiceServicer):
    def __init__(self, receiver: OtlpReceiver) -> None:
        self._receiver = receiver

    def Export(self, request: ExportLogsServiceRequest, context: Any) -> ExportLogsServiceResponse:  # noqa: N802  gRPC's name
        told = self._receiver.take_logs(request, dict(context.invocation_metadata()))
        _abort_unless_taken(context, told)
        response = ExportLogsServiceResponse()
        if told.rejected:
            response.partial_success.rejected_log_records = told.rejected
            response.partial_success.error_message = told.words
        return response


def _abort_unless_taken(context: Any, told: Misbehaviour) -> None:
    if told.status != 200 or told.hangs:
        code = grpc.StatusCode[told.code] if told.code else _CODES.get(told.status, grpc.StatusCode.UNAVAILABLE)
        if told.retry_after is not None:
            context.set_trailing_metadata((("grpc-status-details-bin", _retry_info(code, told.retry_after)),))
        context.abort(code, told.words)


def _response(told: Misbehaviour) -> ExportTraceServiceResponse:
    response = ExportTraceServiceResponse()
    if told.rejected:
        response.partial_success.rejected_spans = told.rejected
        response.partial_success.error_message = told.words
    return response


def _retry_info(code: grpc.StatusCode, seconds: int) -> bytes:
    detail = AnyMessage()
    detail.Pack(RetryInfo(retry_delay=Duration(seconds=seconds)))
    return bytes(Status(code=code.value[0], details=[detail]).SerializeToString())


@pytest.fixture
def otlp() -> Iterator[OtlpReceiver]:
    """A running receiver; a test fails when a batch that it was sent breaks a rule of OpenTelemetry."""
    with OtlpReceiver() as receiver:
        yield receiver
    assert receiver.faults + broken_trees_on_the_wire(receiver.spans) == []
