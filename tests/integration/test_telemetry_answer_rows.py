"""A server for each row of the table of answers: every answer in it leads to the step that the table says."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import pytest

from tasker_consumers.telemetry.app import build_exporter
from tasker_consumers.telemetry.export.exporter import ExportResult
from tasker_consumers.telemetry.export.retrying import Backoff
from tasker_consumers.telemetry.export.sending.answers import GRPC_ROWS, HTTP_ROWS, Row, Then
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import Span
from tests.support.processes import LIMIT_S
from tests.support.telemetry.histories import order
from tests.support.telemetry.http_backend import TAKES, HttpBackend, Reply, Request
from tests.support.telemetry.otlp import Misbehaviour, OtlpReceiver, otlp

__all__ = ["otlp"]

SPANS = spans_of(order())
IDS = {span.span_id for span in SPANS}
BAD = SPANS[2].span_id
TRIES = 3  # answers of a kind before the backend is mended
#: Statuses that stand for those of a whole class.
EXAMPLES = {"2xx": (203, 206), "3xx": (300, 305), "4xx": (400, 409, 413, 422, 499), "5xx": (500, 502, 503, 504, 599)}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries that suit a test."""
    monkeypatch.setattr(Backoff, "delay", lambda _, __, asked: max(0.005, asked))


def export(environ: dict[str, str], spans: Sequence[Span] = SPANS) -> ExportResult[Span]:
    async def run() -> ExportResult[Span]:
        exporter = build_exporter(environ)
        await exporter.start()
        try:
            return await asyncio.wait_for(exporter.export(spans), LIMIT_S)
        finally:
            await exporter.stop()

    return asyncio.run(run())


def statuses(row: Row) -> Iterator[int]:
    for answer in row.answers:
        yield from EXAMPLES.get(answer) or (int(answer),)


def replies(then: Then, status: int) -> Callable[[Request], Reply]:
    """How a server behaves that gives this answer: for ever, to a bad span, or until it is mended."""
    if then is Then.TAKEN:
        return lambda _: Reply(status, keeps=True)
    if then is Then.FOLLOW:
        return lambda request: Reply(status, {"Location": "/new"}) if request.path == "/spans" else TAKES
    if then is Then.SPLIT:
        return lambda request: Reply(status, {}, b"not this span") if BAD in request.span_ids else TAKES
    answers = deque([Reply(status, {"Location": "/login"})] * TRIES)
    return lambda _: answers.popleft() if answers else TAKES


@pytest.mark.parametrize("kind", ["otlp", "zipkin"])
@pytest.mark.parametrize("row", HTTP_ROWS, ids=lambda row: row.answers[0])
def test_each_answer_over_http_leads_to_the_step_of_its_row(kind: str, row: Row) -> None:
    for status in statuses(row):
        with HttpBackend(reply_to=replies(row.then, status)) as backend:
            result = export(backend.exporter(kind))
        dead = {span.span_id for rejection in result.rejections for span in rejection.items}
        assert dead == ({BAD} if row.then is Then.SPLIT else set()), status
        assert (result.accepted, set(backend.kept)) == (len(SPANS) - len(dead), IDS - dead), status
        if row.then is Then.WAIT:
            assert len(backend.requests) > TRIES, status


@pytest.mark.parametrize("row", GRPC_ROWS, ids=lambda row: row.answers[0])
def test_each_answer_over_grpc_leads_to_the_step_of_its_row(otlp: OtlpReceiver, row: Row) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": otlp.grpc, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    for code in row.answers:
        otlp.spans.clear()
        otlp.requests = 0
        if row.then is Then.SPLIT:
            otlp.refuses, otlp.refusal_code = (lambda span: span.span_id.hex() == BAD), code
        elif row.then is Then.WAIT:
            otlp.misbehaviours.extend([Misbehaviour(status=503, code=code)] * TRIES)
        result = export(environ)
        dead = {span.span_id for rejection in result.rejections for span in rejection.items}
        assert dead == ({BAD} if row.then is Then.SPLIT else set()), code
        assert (result.accepted, set(otlp.latest())) == (len(SPANS) - len(dead), IDS - dead), code
        if row.then is Then.WAIT:
            assert otlp.requests > TRIES, code
