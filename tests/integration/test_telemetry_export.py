"""The OTLP exporters against a real receiver that misbehaves: nothing is lost, and only what is refused is given up."""

import asyncio
import time
from collections.abc import Callable, Sequence

import pytest

from tasker_consumers.telemetry.export.exporter import ExportResult
from tasker_consumers.telemetry.export.otlp.encoder import OtlpEncoder
from tasker_consumers.telemetry.export.otlp.grpc import GrpcTransport
from tasker_consumers.telemetry.export.otlp.http import HttpTransport
from tasker_consumers.telemetry.export.otlp.settings import GRPC, OtlpSettings
from tasker_consumers.telemetry.export.retrying import BackendExporter, Backoff
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import Span
from tests.support.processes import LIMIT_S
from tests.support.telemetry.histories import failed_order, order
from tests.support.telemetry.otlp import Misbehaviour, OtlpReceiver, otlp
from tests.support.telemetry.wire_spans import attributes_of

__all__ = ["otlp"]

SPANS = spans_of([*order(), *failed_order("43")])
BackendOf = Callable[..., BackendExporter[Span]]


@pytest.fixture(params=["http/protobuf", GRPC])
def exporter(request: pytest.FixtureRequest, otlp: OtlpReceiver) -> BackendOf:
    """How to make an exporter to the receiver, over each protocol."""

    def make(**settings: object) -> BackendExporter[Span]:
        over_grpc = request.param == GRPC
        endpoint = otlp.grpc if over_grpc else f"{otlp.http}/v1/traces"
        made = OtlpSettings(endpoint=endpoint, protocol=request.param, **settings)  # type: ignore[arg-type]
        transport = GrpcTransport(made) if over_grpc else HttpTransport(made)
        return BackendExporter(transport, OtlpEncoder({"service.name": "tasker"}, "1"), Backoff(first=0.02))

    return make


async def export(exporter: BackendExporter[Span], spans: Sequence[Span] = SPANS) -> ExportResult[Span]:
    await exporter.start()
    try:
        return await asyncio.wait_for(exporter.export(spans), LIMIT_S)
    finally:
        await exporter.stop()


async def test_spans_arrive_with_everything_they_say(exporter: BackendOf, otlp: OtlpReceiver) -> None:
    assert (await export(exporter())).accepted == len(SPANS)
    for span in SPANS:
        found = otlp.latest()[span.span_id]
        assert (found.name, found.start_time_unix_nano, found.end_time_unix_nano) == (span.name, span.start, span.end)
        assert attributes_of(found) == span.attributes
        assert [(e.name, e.time_unix_nano) for e in found.events] == [(e.name, e.time) for e in span.events]
        assert [link.span_id.hex() for link in found.links] == [link.span_id for link in span.links]


async def test_headers_and_compression_reach_the_backend(exporter: BackendOf, otlp: OtlpReceiver) -> None:
    await export(exporter(headers={"x-team": "shop"}, gzip=True))
    assert otlp.headers["x-team"] == "shop"
    assert len(otlp.latest()) == len(SPANS)


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_backend_that_is_busy_or_wrongly_set_up_is_asked_again(
    exporter: BackendOf, otlp: OtlpReceiver, status: int
) -> None:
    otlp.misbehaviours.extend([Misbehaviour(status=status)] * 3)
    assert (await export(exporter())).accepted == len(SPANS)
    assert otlp.requests == 4


async def test_a_backend_that_asks_for_time_gets_it(exporter: BackendOf, otlp: OtlpReceiver) -> None:
    otlp.misbehaviours.append(Misbehaviour(status=429, retry_after=1))
    begun = time.monotonic()
    assert (await export(exporter())).accepted == len(SPANS)
    assert time.monotonic() - begun >= 1


async def test_a_backend_that_hangs_is_asked_again_after_the_timeout(exporter: BackendOf, otlp: OtlpReceiver) -> None:
    otlp.misbehaviours.append(Misbehaviour(hangs=True))
    assert (await export(exporter(timeout_s=0.5))).accepted == len(SPANS)
    assert otlp.requests == 2


async def test_one_span_that_is_refused_does_not_hold_up_the_others(exporter: BackendOf, otlp: OtlpReceiver) -> None:
    otlp.refuses = lambda span: span.span_id.hex() == SPANS[4].span_id
    result = await export(exporter())
    assert [list(rejection.items) for rejection in result.rejections] == [[SPANS[4]]]
    assert "not for me" in result.rejections[0].reason
    assert otlp.latest().keys() == {span.span_id for span in SPANS} - {SPANS[4].span_id}
    assert (result.accepted, len(otlp.spans)) == (len(SPANS) - 1, len(SPANS) - 1)


async def test_a_partial_success_is_reported_with_the_words_of_the_backend(
    exporter: BackendOf, otlp: OtlpReceiver
) -> None:
    otlp.misbehaviours.append(Misbehaviour(rejected=2, words="too old"))
    result = await export(exporter())
    assert (result.accepted, result.rejected) == (len(SPANS) - 2, 2)
    assert result.rejections[0].reason == "too old"
    assert otlp.requests == 1


async def test_a_backend_that_comes_up_late_gets_every_span(exporter: BackendOf, otlp: OtlpReceiver) -> None:
    subject = exporter()
    otlp.misbehaviours.extend([Misbehaviour(status=503)] * 100)
    await subject.start()
    work = asyncio.create_task(subject.export(SPANS))
    while subject.ready():  # noqa: ASYNC110  it is told by nothing but itself
        await asyncio.sleep(0.01)
    otlp.misbehaviours.clear()
    await asyncio.wait_for(work, LIMIT_S)
    assert subject.ready()
    await subject.stop()
    assert len(otlp.latest()) == len(SPANS)


async def test_nobody_listening_is_trouble_that_may_pass(otlp: OtlpReceiver) -> None:
    settings = OtlpSettings(endpoint="http://127.0.0.1:9/v1/traces")
    exporter = BackendExporter(HttpTransport(settings), OtlpEncoder({}, "1"), Backoff(first=0.01))
    await exporter.start()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(exporter.export(SPANS), 0.3)
    await exporter.stop()
    assert not exporter.ready()
    assert otlp.requests == 0
