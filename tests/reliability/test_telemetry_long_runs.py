"""The telemetry group under load and trouble, with counts: every span once, by its id and its place in its trace.

What is expected is told by the headers of the records alone. `TEST_SCALE=45` takes the backend away for three
minutes and soaks for eleven, `TEST_SCALE=205` makes a million events; each test says what it counted (`-s`).
"""

import re
import signal
import sys
import time
from collections.abc import Callable
from random import Random

import pytest

from benchmarks.telemetry import expected_spans
from benchmarks.workload import workload
from tasker_consumers.replay.reading.select_records import select_records
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.replay.sinks.target_names import new_replay_id
from tasker_consumers.replay.sinks.topic import republish
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic
from tests.support.engine.memory import peak_mb, resident_mb
from tests.support.processes import eventually
from tests.support.scale import SCALE
from tests.support.telemetry.arena import TelemetryArena, arena, otlp_variables
from tests.support.telemetry.histories import Told
from tests.support.telemetry.span_ledger import SpanLedger, ledger
from tests.support.worker_process import WorkerProcess

__all__ = ["arena", "ledger"]

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(300 + 20 * SCALE)]

TASKS = 400 * SCALE
AWAY_S = min(180, 4 * SCALE)
SOAK_S = min(3600, 15 * SCALE)
LIMIT_S = 90 + 10 * SCALE
#: What a worker with a backlog may come to hold beyond what it had when it was ready, however many events there are:
#: sixteen runs of up to 4,000 records that wait, the runs in work, RocksDB's buffers for three partitions, its cache.
GROWTH_MB = 750.0


class Load:
    """Records of many interleaved tasks, sent in shares, and the spans that they stand for."""

    def __init__(self, arena: TelemetryArena, tasks: int = TASKS) -> None:
        records = list(workload(tasks))
        self._arena = arena
        self._told = [Told(event_topic(r.family, arena.prefix), r.key, r.value, r.headers) for r in records]
        self.expected = frozenset(span.place for span in expected_spans(records))
        self.sent = 0

    def send(self, share: float = 1.0) -> None:
        """Send so much of the whole, from where the last share ended."""
        until = min(len(self._told), self.sent + round(share * len(self._told)) + 1)
        self._arena.send(self._told[self.sent : until])
        self.sent = until


def worker(arena: TelemetryArena, ledger: SpanLedger, name: str = "w") -> WorkerProcess:
    return arena.worker(otlp_variables(ledger.http), name, sweep_interval=1.0)


def folded(worker: WorkerProcess) -> int:
    """How many records a worker has folded since it started."""
    text = worker.get("/metrics")[1]
    return int(sum(float(n) for n in re.findall(r"^tasker_engine_records_total\{.*\} (\S+)$", text, re.MULTILINE)))


def say(counted: str) -> None:
    sys.stdout.write(f"\n{counted}\n")


def during(seconds: float, look: Callable[[], None]) -> None:
    """Look ten times a second for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        look()
        time.sleep(0.1)


def test_a_backend_that_is_down_for_minutes_gets_every_span_and_memory_stays_bounded(
    arena: TelemetryArena, ledger: SpanLedger
) -> None:
    load = Load(arena)
    with worker(arena, ledger) as subject:
        load.send(0.2)
        assert eventually(lambda: len(ledger.places) > 0)
        pid, shares = subject.process.pid, iter(range(8))
        before, memory = resident_mb(pid), list[float]()
        with ledger.away():
            there = len(ledger.places)

            def look() -> None:
                memory.append(resident_mb(pid))
                if next(shares, None) is not None:
                    load.send(0.1)

            during(AWAY_S, look)
            assert subject.process.poll() is None
            assert len(ledger.places) == there
        ledger.wait_until_complete(load.expected, LIMIT_S)
    say(
        f"down {AWAY_S} s: {load.sent:,} events, {len(load.expected):,} spans, {ledger.taken:,} received, "
        f"worker {before:.0f} MB before, {max(memory):.0f} MB at most while it was down"
    )
    assert max(memory) - before < GROWTH_MB


def test_a_kill_of_any_worker_every_second_loses_no_span_and_doubles_none(
    arena: TelemetryArena, ledger: SpanLedger
) -> None:
    load, rng = Load(arena), Random(11)
    workers = [worker(arena, ledger, f"w{n}") for n in range(3)]
    try:
        load.send(0.1)
        assert eventually(lambda: len(ledger.places) > 0)
        for _ in range(10):
            load.send(0.1)
            time.sleep(1)  # the schedule of the kills is the test
            victim = rng.randrange(3)
            workers[victim].kill()
            workers[victim] = worker(arena, ledger, f"w{victim}")
        ledger.wait_until_complete(load.expected, LIMIT_S)
    finally:
        for one in workers:
            one.kill()
    say(
        f"10 kills in 10 s: {load.sent:,} events, {len(load.expected):,} spans, {ledger.taken:,} received, "
        f"{ledger.taken - len(load.expected):,} of them again"
    )


def test_one_worker_that_becomes_three_and_one_again_loses_no_span_and_doubles_none(
    arena: TelemetryArena, ledger: SpanLedger
) -> None:
    load = Load(arena)
    load.send(0.3)
    with worker(arena, ledger, "a") as first:
        assert eventually(lambda: len(ledger.places) > 0)
        with worker(arena, ledger, "b") as second, worker(arena, ledger, "c") as third:
            second.wait_ready()
            third.wait_ready()
            load.send(0.3)
            second.terminate()
            third.signal(signal.SIGTERM)
            load.send()
            third.process.wait(LIMIT_S)
        ledger.wait_until_complete(load.expected, LIMIT_S)
        assert first.process.poll() is None
    say(f"1 to 3 to 1: {load.sent:,} events, {len(load.expected):,} spans, {ledger.taken:,} received")


def test_a_replay_of_all_events_adds_no_span_and_no_memory(arena: TelemetryArena, ledger: SpanLedger) -> None:
    load, kafka = Load(arena), {"bootstrap.servers": arena.bootstrap}
    with worker(arena, ledger) as subject:
        subject.wait_ready()
        ready = resident_mb(subject.process.pid)
        began = time.monotonic()
        load.send()
        ledger.wait_until_complete(load.expected, LIMIT_S)
        assert eventually(lambda: folded(subject) == load.sent, LIMIT_S)
        seconds, once, first_peak = time.monotonic() - began, ledger.taken, peak_mb(subject.process.pid)
        for family in (Family.TASK, Family.STEP):
            chosen = select_records(kafka, Selection(families=frozenset({family})), arena.prefix)
            republish(kafka, chosen, event_topic(family, arena.prefix), new_replay_id())
        assert eventually(lambda: folded(subject) == 2 * load.sent, LIMIT_S)
        ledger.wait_until_complete(load.expected, LIMIT_S)
        last_peak = peak_mb(subject.process.pid)
    say(
        f"replay: {load.sent:,} events in {seconds:.0f} s and again, {len(load.expected):,} spans, "
        f"{once:,} received, {ledger.taken - once} by the replay; "
        f"worker {ready:.0f} MB when ready, at most {first_peak:.0f} MB, with the replay {last_peak:.0f} MB"
    )
    assert ledger.taken == once
    assert last_peak - ready < GROWTH_MB


def test_a_steady_flow_of_tasks_that_are_forgotten_in_time_leaves_memory_flat(
    arena: TelemetryArena, ledger: SpanLedger
) -> None:
    load, memory, pause = Load(arena, tasks=40 * SOAK_S), list[float](), 0.5
    soon = {"grace_s": 5.0, "forgotten_after_s": 20.0}
    with arena.worker(otlp_variables(ledger.http), lifetime=soon, sweep_interval=2.0) as subject:
        subject.wait_ready()
        began = time.monotonic()
        while time.monotonic() - began < SOAK_S:
            load.send(pause / SOAK_S)
            memory.append(resident_mb(subject.process.pid))
            time.sleep(pause)  # the pace of the flow is the test
        load.send()
        ledger.wait_until_complete(load.expected, LIMIT_S)
    half = len(memory) // 2
    say(
        f"soak {SOAK_S} s: {load.sent:,} events, {len(load.expected):,} spans, at most {max(memory[:half]):.0f} MB in "
        f"the first half, {max(memory[half:]):.0f} MB in the second"
    )
    assert max(memory[half:]) - max(memory[:half]) < 60
