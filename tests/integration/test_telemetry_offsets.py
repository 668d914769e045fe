"""Offsets move past a span only when a backend has it, or the dead letters do: read back on a real Kafka."""

from collections.abc import Iterator

import pytest

from tasker_consumers.telemetry.rebuild import spans_of
from tests.support.processes import eventually
from tests.support.telemetry.arena import TelemetryArena, arena
from tests.support.telemetry.histories import Told, order
from tests.support.telemetry.http_backend import PAGE, TAKES, HttpBackend, Reply

__all__ = ["arena"]

LIES = {
    "a redirect that drops the POST": lambda _: Reply(302, {"Location": "/login"}),
    "a web page with status 200": lambda _: PAGE,
}


@pytest.fixture
def backend() -> Iterator[HttpBackend]:
    with HttpBackend() as server:
        yield server


def ids_of(history: list[Told]) -> set[str]:
    return {span.span_id for span in spans_of(history)}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("kind", ["otlp", "zipkin"])
def test_a_lie_moves_no_offset_and_when_it_is_mended_every_span_arrives(
    arena: TelemetryArena, backend: HttpBackend, kind: str, lie: str
) -> None:
    history = order(prefix=arena.prefix)
    backend.reply_to = LIES[lie]
    arena.send(history)
    with arena.worker(backend.exporter(kind)) as worker:
        assert eventually(lambda: sum(request.method == "POST" for request in backend.requests) >= 3)
        assert worker.get("/readyz")[0] == 503
        assert worker.get("/healthz")[0] == 200
        assert arena.offsets()[0] < len(history)
        backend.reply_to, backend.kept = (lambda _: TAKES), []
        assert eventually(lambda: set(backend.kept) == ids_of(history))
        assert eventually(lambda: arena.offsets() == (len(history), len(history)))


def test_one_trace_that_is_refused_for_ever_moves_to_the_dead_letters_and_the_offsets_move_on(
    arena: TelemetryArena, backend: HttpBackend
) -> None:
    histories = {task_id: order(task_id, prefix=arena.prefix) for task_id in ("a", "b", "big", "c")}
    backend.reply_to = lambda request: Reply(500, {}, b"TRACE_TOO_LARGE") if "big" in request.task_ids else TAKES
    arena.send([record for history in histories.values() for record in history])
    with arena.worker(backend.exporter("otlp")):
        letters = arena.dead_letters(len(ids_of(histories["big"])))
        assert eventually(lambda: arena.offsets()[0] == arena.offsets()[1])
    assert {letter.key() for letter in letters} == {b"big"}
    assert all(b"TRACE_TOO_LARGE" in dict(letter.headers() or [])["__streams.errors.message"] for letter in letters)
    assert set(backend.kept) == {span_id for name in ("a", "b", "c") for span_id in ids_of(histories[name])}
