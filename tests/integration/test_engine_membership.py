"""Static membership: who comes back keeps its partitions, who is replaced says so, and nothing is lost meanwhile."""

import signal
from typing import Any

from tests.support.engine.arena import Arena, arena, wait_until
from tests.support.processes import LIMIT_S
from tests.support.worker_process import WorkerProcess

__all__ = ["arena"]


def named(arena: Arena, name: str, log: str | None = None, **settings: Any) -> WorkerProcess:
    """Start a worker that the group knows by a name, at an address that stays."""
    return arena.worker(log or name, group_instance_id=name, web_url=f"http://{name}.test:80", **settings)


def held(worker: WorkerProcess) -> list[str]:
    """Return the partitions that a worker was ready with last."""
    ready = worker.log.read_text().split("Ready with partitions ")[1:]
    return ready[-1].splitlines()[0].split(", ") if ready else []


def rebalances(worker: WorkerProcess) -> int:
    return worker.said("Assigned ")


def test_a_worker_that_starts_again_keeps_its_partitions_and_the_others_notice_nothing(arena: Arena) -> None:
    arena.produce(2_000, 200)
    with named(arena, "w-0", session_timeout=45.0) as first, named(arena, "w-1", session_timeout=45.0) as second:
        wait_until(
            lambda: sorted(held(first) + held(second)) == ["0", "1", "2", "3"] and all(map(held, (first, second))),
            "two share",
        )
        arena.wait_committed()
        before = rebalances(second)
        assert first.terminate() == 0
        arena.produce(2_000, 200, seed=2)
        with named(arena, "w-0", "again", session_timeout=45.0) as again:
            arena.wait_committed()
            assert (rebalances(again), rebalances(second)) == (1, before)
            again.kill()
        with named(arena, "w-0", "after a crash", session_timeout=45.0) as crashed:
            arena.produce(2_000, 200, seed=3)
            arena.wait_committed()
            assert (rebalances(crashed), rebalances(second)) == (1, before)
            assert (crashed.terminate(), second.terminate()) == (0, 0)
    assert arena.differences() == {}


def test_a_worker_that_comes_back_at_another_address_makes_the_group_learn_it(arena: Arena) -> None:
    with named(arena, "w-0", session_timeout=45.0) as first:
        first.wait_ready()
        assert first.terminate() == 0
    with arena.worker("moved", group_instance_id="w-0", web_url="http://other.test:80", session_timeout=45.0) as moved:
        arena.produce(500, 50)
        arena.wait_committed()
        wait_until(lambda: rebalances(moved) == 2, "the group distributes its partitions again")
        assert moved.terminate() == 0
    assert arena.differences() == {}


def test_the_older_of_two_workers_with_the_same_name_ends_and_says_why(arena: Arena) -> None:
    with named(arena, "w-0", "older") as older:
        older.wait_ready()
        with named(arena, "w-0", "newer") as newer:
            assert older.process.wait(LIMIT_S) == 1
            last_line = older.log.read_text().splitlines()[-1]
            assert f"another worker has joined group {arena.prefix}-counting as 'w-0'" in last_line
            assert "TASKER_GROUP_INSTANCE_ID of its own" in last_line
            arena.produce(500, 50)
            arena.wait_committed()
            assert newer.terminate() == 0
    assert arena.differences() == {}


def test_a_worker_with_a_name_that_missed_its_session_joins_anew(arena: Arena) -> None:
    with named(arena, "w-0") as frozen:
        frozen.wait_ready()
        frozen.process.send_signal(signal.SIGSTOP)
        with named(arena, "w-1") as heir:
            arena.produce(500, 50)
            arena.wait_committed()
            frozen.process.send_signal(signal.SIGCONT)
            frozen.wait_ready(times=2)
            assert (heir.terminate(), frozen.terminate()) == (0, 0)
    assert arena.differences() == {}
