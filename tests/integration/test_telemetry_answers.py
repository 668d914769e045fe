"""Each row of the table of answers against a real server: spans count as taken only when they arrived."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from unittest.mock import patch

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from tasker_consumers.telemetry.app import build_exporter
from tasker_consumers.telemetry.export.exporter import Exporter, ExportResult
from tasker_consumers.telemetry.export.otlp.encoder import OtlpEncoder
from tasker_consumers.telemetry.export.otlp.http import HttpTransport
from tasker_consumers.telemetry.export.otlp.settings import OtlpSettings
from tasker_consumers.telemetry.export.retrying import BackendExporter, Backoff
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import Span
from tests.support.processes import LIMIT_S
from tests.support.telemetry.histories import order
from tests.support.telemetry.http_backend import PAGE, TAKES, HttpBackend, Reply, Request

SPANS = spans_of(order())
IDS = sorted(span.span_id for span in SPANS)
OTLP, ZIPKIN = "otlp", "zipkin"
JSON, PROTOBUF = {"Content-Type": "application/json"}, {"Content-Type": "application/x-protobuf"}


@pytest.fixture
def backend() -> Iterator[HttpBackend]:
    with HttpBackend() as server:
        yield server


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Pauses between tries that suit a test."""
    with patch.object(Backoff, "delay", lambda _, __, asked: max(0.01, asked)):
        yield


@asynccontextmanager
async def running(backend: HttpBackend, kind: str) -> AsyncIterator[Exporter[Span]]:
    exporter = build_exporter(backend.exporter(kind))
    await exporter.start()
    try:
        yield exporter
    finally:
        await exporter.stop()


async def export(backend: HttpBackend, kind: str, spans: list[Span] = SPANS) -> ExportResult[Span]:
    async with running(backend, kind) as exporter:
        return await asyncio.wait_for(exporter.export(spans), LIMIT_S)


def redirect(status: int, location: str, then: Reply) -> Callable[[Request], Reply]:
    return lambda request: Reply(status, {"Location": location}) if request.path == "/spans" else then


LIES = {
    **{f"{code} to a page": redirect(code, "/login", PAGE) for code in (301, 302, 303)},
    **{f"{code} to the same collector": redirect(code, "/v2/spans", TAKES) for code in (301, 302, 303)},
    "307 to nowhere": lambda _: Reply(307),
    "308 in a ring": redirect(308, "/spans", TAKES),
    "300": lambda _: Reply(300),
    "200 with a page": lambda _: PAGE,
    "200 with a word": lambda _: Reply(200, {"Content-Type": "text/plain"}, b"ok"),
    "200 with a word of no type": lambda _: Reply(200, {}, b"ok"),
    "200 with JSON that tells an error": lambda _: Reply(200, JSON, b'{"error": "sign in"}'),
    "200 with a list": lambda _: Reply(200, JSON, b"[]"),
    "200 with half an answer": lambda _: Reply(200, PROTOBUF, b"\x0a\x7f"),
    "203": lambda _: Reply(203),
    "206": lambda _: Reply(206),
    "401": lambda _: Reply(401),
    "404": lambda _: Reply(404),
    "415": lambda _: Reply(415),
    "500": lambda _: Reply(500),
    "503": lambda _: Reply(503),
    "511": lambda _: Reply(511),
    "600": lambda _: Reply(600),
}


@pytest.mark.parametrize("kind", [OTLP, ZIPKIN])
@pytest.mark.parametrize("lie", LIES)
async def test_an_answer_that_takes_no_spans_makes_the_worker_wait_until_it_is_mended(
    backend: HttpBackend, kind: str, lie: str
) -> None:
    backend.reply_to = LIES[lie]
    async with running(backend, kind) as exporter:
        work = asyncio.create_task(exporter.export(SPANS))
        while len(backend.requests) < 12 or exporter.ready():
            assert not work.done(), f"{work.result()} after {lie}"
            await asyncio.sleep(0.01)
        backend.reply_to, backend.kept = (lambda _: TAKES), []
        result = await asyncio.wait_for(work, LIMIT_S)
    assert (result.accepted, result.rejected, sorted(backend.kept)) == (len(SPANS), 0, IDS)


@pytest.mark.parametrize("kind", [OTLP, ZIPKIN])
@pytest.mark.parametrize(
    "reply_to",
    [
        lambda _: TAKES,
        lambda _: Reply(202, keeps=True),
        lambda _: Reply(200, JSON, b"{}", keeps=True),
        lambda _: Reply(200, {"Content-Type": "application/json; charset=utf-8"}, b"{}", keeps=True),
        redirect(307, "/v2/spans", TAKES),
        redirect(308, "/v2/spans", TAKES),
    ],
)
async def test_an_answer_of_the_protocol_takes_all_spans_in_one_try(
    backend: HttpBackend, kind: str, reply_to: Callable[[Request], Reply]
) -> None:
    backend.reply_to = reply_to
    assert await export(backend, kind) == ExportResult(len(SPANS), [])
    assert sorted(backend.kept) == IDS


async def test_the_warning_names_the_target_of_a_redirect_without_its_secrets(
    backend: HttpBackend, caplog: pytest.LogCaptureFixture
) -> None:
    backend.reply_to = redirect(302, "https://ada:CANARY@login.example/sign-in?token=CANARY", PAGE)
    async with running(backend, OTLP) as exporter:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(exporter.export(SPANS), 0.5)
    assert "https://login.example/sign-in" in caplog.text
    assert "CANARY" not in caplog.text


async def test_a_redirect_to_another_server_repeats_the_post_there_without_the_credentials(
    backend: HttpBackend,
) -> None:
    with HttpBackend() as other:
        backend.reply_to = redirect(307, f"{other.url}/spans", TAKES)
        environ = {**backend.exporter(OTLP), "OTEL_EXPORTER_OTLP_HEADERS": "x-key=CANARY"}
        exporter = build_exporter(environ)
        await exporter.start()
        assert (await asyncio.wait_for(exporter.export(SPANS), LIMIT_S)).accepted == len(SPANS)
        await exporter.stop()
        assert "CANARY" in str(backend.requests[0].headers)
        assert "CANARY" not in str(other.requests[0].headers)
        assert sorted(other.kept) == IDS


def partial(rejected: int, words: str) -> Reply:
    success = ExportTracePartialSuccess(rejected_spans=rejected, error_message=words)
    return Reply(200, PROTOBUF, ExportTraceServiceResponse(partial_success=success).SerializeToString())


@pytest.mark.parametrize(
    ("told", "rejected"), [(0, 0), (2, 2), (6, 6), (1_000_000, 6), (2**63 - 1, 6), (-1, 0), (-(2**63), 0)]
)
async def test_a_partial_success_never_rejects_more_spans_than_were_sent_or_fewer_than_none(
    backend: HttpBackend, told: int, rejected: int
) -> None:
    backend.reply_to = lambda _: partial(told, "too old")
    result = await export(backend, OTLP)
    assert (result.accepted, result.rejected) == (len(SPANS) - rejected, rejected)


@pytest.mark.parametrize(
    ("body", "rejected"),
    [
        (b'{"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old"}}', 2),
        (b'{"partialSuccess": {"rejectedSpans": 1e300}}', 6),
        (b'{"partialSuccess": {"rejectedSpans": null}}', 0),
        (b'{"partialSuccess": null}', 0),
    ],
)
async def test_a_partial_success_in_json_counts_alike(backend: HttpBackend, body: bytes, rejected: int) -> None:
    backend.reply_to = lambda _: Reply(200, JSON, body)
    assert (await export(backend, OTLP)).rejected == rejected


async def test_a_warning_that_comes_with_success_is_logged_once_a_minute(
    backend: HttpBackend, caplog: pytest.LogCaptureFixture
) -> None:
    backend.reply_to = lambda _: partial(0, "span attribute limit reached, values truncated")
    async with running(backend, OTLP) as exporter:
        for _ in range(3):
            assert (await exporter.export(SPANS)).accepted == len(SPANS)
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert [text for text in warnings if "values truncated" in text] == warnings
    assert len(warnings) == 1


def several_tasks(*task_ids: str) -> list[Span]:
    return [span for task_id in task_ids for span in spans_of(order(task_id))]


@pytest.mark.parametrize("kind", [OTLP, ZIPKIN])
@pytest.mark.parametrize("status", [500, 429, 503, 403])
async def test_one_trace_that_is_refused_for_ever_goes_aside_and_the_others_arrive(
    backend: HttpBackend, kind: str, status: int
) -> None:
    spans = several_tasks("a", "b", "big", "c")
    words = b"TRACE_TOO_LARGE: max size of trace exceeded"
    backend.reply_to = lambda request: Reply(status, {}, words) if "big" in request.task_ids else TAKES
    result = await export(backend, kind, spans)
    bad = {span.span_id for span in spans if span.attributes["task_id"] == "big"}
    assert {span.span_id for rejection in result.rejections for span in rejection.items} == bad
    assert all("TRACE_TOO_LARGE" in rejection.reason for rejection in result.rejections)
    assert set(backend.kept) == {span.span_id for span in spans} - bad


async def test_a_trace_that_comes_alone_is_given_up_because_a_span_that_was_taken_is_taken_again(
    backend: HttpBackend,
) -> None:
    backend.reply_to = lambda request: Reply(500) if "big" in request.task_ids else TAKES
    async with running(backend, OTLP) as exporter:
        await exporter.export(SPANS)
        result = await asyncio.wait_for(exporter.export(spans_of(order("big"))), 30)
    assert (result.accepted, result.rejected) == (0, 6)


@pytest.mark.parametrize("kind", [OTLP, ZIPKIN])
async def test_while_nothing_at_all_passes_everything_waits_and_then_arrives(backend: HttpBackend, kind: str) -> None:
    spans = several_tasks("a", "b", "c", "d")
    backend.reply_to = lambda _: Reply(500)
    async with running(backend, kind) as exporter:
        work = asyncio.create_task(exporter.export(spans))
        while len(backend.requests) < 60:  # noqa: ASYNC110  the server counts
            await asyncio.sleep(0.01)
        assert not exporter.ready()
        backend.reply_to = lambda _: TAKES
        result = await asyncio.wait_for(work, LIMIT_S)
    assert (result.accepted, result.rejected) == (len(spans), 0)
    assert set(backend.kept) == {span.span_id for span in spans}


class OneByOne(OtlpEncoder):
    """Writes a request for each span."""

    def requests(self, items: Sequence[Span], limit: int = 1) -> Iterator[tuple[bytes, Sequence[Span]]]:
        return super().requests(items, limit)


async def test_a_backend_that_limits_the_rate_gets_every_span_in_the_end(backend: HttpBackend) -> None:
    tokens = [time.monotonic()]

    def limited(_: Request) -> Reply:
        if time.monotonic() < tokens[-1]:
            return Reply(429)
        tokens.append(time.monotonic() + 0.03)
        return TAKES

    backend.reply_to = limited
    settings = OtlpSettings(endpoint=f"{backend.url}/spans")
    exporter = BackendExporter(HttpTransport(settings), OneByOne({}, "1"))
    await exporter.start()
    result = await asyncio.wait_for(exporter.export(several_tasks("a", "b", "c")), 30)
    await exporter.stop()
    assert (result.accepted, result.rejected) == (18, 0)


@pytest.mark.parametrize("kind", [OTLP, ZIPKIN])
async def test_a_request_that_is_too_large_is_split_until_it_fits(backend: HttpBackend, kind: str) -> None:
    spans = several_tasks("a", "b", "c")
    backend.reply_to = lambda request: Reply(413) if len(request.span_ids) > 2 else TAKES
    assert (await export(backend, kind, spans)).accepted == 18
    assert sorted(backend.kept) == sorted(span.span_id for span in spans)
