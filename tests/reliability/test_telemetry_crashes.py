"""Nothing is lost and nothing is doubled when the telemetry group is killed, rebalanced, or its backend is away."""

import random
import re
import signal
import time
from typing import Any

import pytest

from tasker_consumers.telemetry.rebuild import spans_of
from tasker_schemas.identity import trace_id_of
from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.processes import LIMIT_S, eventually
from tests.support.telemetry.arena import TelemetryArena, arena, otlp_variables
from tests.support.telemetry.histories import Told, failed_order, order, told
from tests.support.telemetry.otlp import Misbehaviour, OtlpReceiver, otlp
from tests.support.telemetry.span_rules import broken_rules
from tests.support.telemetry.wire_spans import attributes_of
from tests.support.worker_process import WorkerProcess

__all__ = ["arena", "otlp"]

pytestmark = pytest.mark.reliability

TASKS = 400


def shuffled_orders(prefix: str, tasks: int = TASKS) -> list[Told]:
    """Return the events of many tasks, interleaved, some of them twice; those of a task stand in their order.

    A span leaves when its end is known: a start that comes in a later batch is late, and where a batch ends is chance.
    """
    rng = random.Random(7)
    histories = [(failed_order if n % 7 == 0 else order)(f"t{n}", prefix=prefix) for n in range(tasks)]
    placed = [
        placed_record
        for n, told in enumerate(histories)
        for placed_record in zip(sorted(n + i + rng.random() * 3 for i in range(len(told))), told, strict=True)
    ]
    records = [record for _, record in sorted(placed, key=lambda pair: pair[0])]
    return records + rng.sample(records, len(records) // 20)


def assert_complete(otlp: OtlpReceiver, records: list[Told]) -> None:
    """Every span of the history is at the backend, under its one id, with its times."""
    expected = {span.span_id: span for span in spans_of(records)}
    found = otlp.wait_for(len(expected), seconds=90)
    assert found.keys() == expected.keys()
    assert {s: (w.trace_id.hex(), w.start_time_unix_nano, w.end_time_unix_nano) for s, w in found.items()} == {
        s: (w.trace_id, w.start, w.end) for s, w in expected.items()
    }
    assert {attributes_of(w)["task_id"] for w in found.values()} == {f"t{n}" for n in range(TASKS)}
    assert broken_rules(expected.values()) == []


def test_ten_kills_at_random_points_lose_no_span_and_double_none(arena: TelemetryArena, otlp: OtlpReceiver) -> None:
    records, rng = shuffled_orders(arena.prefix), random.Random(3)
    share = len(records) // 10
    for n in range(10):
        arena.send(records[n * share : (n + 1) * share if n < 9 else None])
        with arena.worker(otlp_variables(otlp.http), batch_size=200) as worker:
            # It is killed while it starts, recovers, works or idles: the random moment is the test.
            deadline = time.monotonic() + rng.uniform(1.0, 3.5)
            while time.monotonic() < deadline and worker.process.poll() is None:
                time.sleep(0.02)
    with arena.worker(otlp_variables(otlp.http)):
        assert_complete(otlp, records)


def test_workers_that_come_and_go_lose_no_span_and_double_none(arena: TelemetryArena, otlp: OtlpReceiver) -> None:
    records = shuffled_orders(arena.prefix)
    half = len(records) // 2
    arena.send(records[:half])
    with arena.worker(otlp_variables(otlp.http), "a", batch_size=100):
        otlp.wait_for(100)
        with (
            arena.worker(otlp_variables(otlp.http), "b", batch_size=100),
            arena.worker(otlp_variables(otlp.http), "c") as c,
        ):
            arena.send(records[half:])
            otlp.wait_for(len(spans_of(records[:half])) // 2)
            c.signal(signal.SIGTERM)
        assert_complete(otlp, records)


def test_a_backend_that_is_away_holds_the_spans_back_and_gets_them_all(
    arena: TelemetryArena, otlp: OtlpReceiver
) -> None:
    records = shuffled_orders(arena.prefix)
    otlp.misbehaviours.extend(
        [Misbehaviour(status=503), Misbehaviour(status=429, retry_after=2), Misbehaviour(status=502)]
    )
    arena.send(records)
    with arena.worker(otlp_variables(otlp.http)):
        assert_complete(otlp, records)
    assert otlp.requests > 3


def test_a_deleted_state_directory_is_rebuilt_and_open_spans_survive(arena: TelemetryArena, otlp: OtlpReceiver) -> None:
    records = shuffled_orders(arena.prefix)
    half = len(records) // 2
    arena.send(records[:half])
    with arena.worker(otlp_variables(otlp.http), state_dir=str(arena.directory / "first")) as worker:
        otlp.wait_for(len({s.span_id for s in spans_of(records[:half]) if s.status == "OK"}) // 2)
        worker.signal(signal.SIGTERM)
        worker.process.wait(LIMIT_S)
    arena.send(records[half:])
    with arena.worker(otlp_variables(otlp.http), state_dir=str(arena.directory / "second")):
        assert_complete(otlp, records)


def test_a_backend_that_hangs_costs_neither_spans_nor_the_place_in_the_group(
    arena: TelemetryArena, otlp: OtlpReceiver
) -> None:
    records = shuffled_orders(arena.prefix)
    otlp.misbehaviours.extend([Misbehaviour(hangs=True)] * 3)
    arena.send(records)
    with arena.worker(otlp_variables(otlp.http, OTEL_EXPORTER_OTLP_TIMEOUT="8000")) as worker:
        assert_complete(otlp, records)
        assert worker.process.poll() is None
    assert "gave no answer within 8 s" in worker.log.read_text()


def test_a_task_of_twenty_thousand_steps_is_one_trace(arena: TelemetryArena, otlp: OtlpReceiver) -> None:
    steps = 20_000
    same: dict[str, Any] = {"task_id": "huge", "prefix": arena.prefix}
    arena.send(told(StepEvents.COMPLETED, n, step_id=f"s{n}", **same) for n in range(1, steps + 1))
    arena.send([told(TaskEvents.START_REQUESTED, 0, **same), told(TaskEvents.COMPLETED, steps + 1, **same)])
    with arena.worker(otlp_variables(otlp.http)):
        found = otlp.wait_for(steps + 2)
    assert len(found) == steps + 2
    assert {span.trace_id.hex() for span in found.values()} == {trace_id_of("huge")}


def test_the_number_of_open_spans_is_exact_after_a_kill_and_without_the_state_directory(
    arena: TelemetryArena, otlp: OtlpReceiver
) -> None:
    tasks: list[dict[str, Any]] = [{"task_id": f"t{n}", "prefix": arena.prefix} for n in range(30)]
    arena.send([told(TaskEvents.START_REQUESTED, 0, **task) for task in tasks])
    arena.send([told(StepEvents.HANDLE, 1, step_id=step, **task) for task in tasks for step in "ab"])
    for name, directory in (("a", "first"), ("b", "first"), ("c", "second")):
        with arena.worker(otlp_variables(otlp.http), name, state_dir=str(arena.directory / directory)) as worker:
            assert eventually(lambda: open_spans(worker) == (30, 60))
    with arena.worker(otlp_variables(otlp.http), "d", state_dir=str(arena.directory / "second")) as worker:
        arena.send([told(StepEvents.COMPLETED, 2, step_id="a", **task) for task in tasks])
        arena.send([told(TaskEvents.COMPLETED, 3, **task) for task in tasks[:10]])
        assert eventually(lambda: open_spans(worker) == (20, 30))


def open_spans(worker: WorkerProcess) -> tuple[int, ...]:
    """Tasks and attempts that are open, as the worker's metrics tell."""
    text = worker.get("/metrics")[1]
    return tuple(int(float(n)) for n in re.findall(r"^tasker_telemetry_open_\w+ (\S+)$", text, re.MULTILINE))
