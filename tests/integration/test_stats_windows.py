"""The topic of windows on a real Kafka: exact after kills and lost disks, over several workers."""

import shutil
from pathlib import Path
from random import Random

import pytest

from tasker_consumers.embedded import KafkaSource
from tests.support.processes import eventually
from tests.support.stats.arena import StatsArena
from tests.support.stats.histories import Event, event, large_task, order_processing
from tests.support.stats.window_oracle import from_scratch


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> StatsArena:
    return StatsArena(kafka.bootstrap_servers, topic_prefix, tmp_path)


def history(seed: int) -> list[Event]:
    """Return many tasks in any order: some are told twice, some fail and complete an hour later."""
    random, told = Random(seed), large_task(300)
    for n in range(200):
        told += [{**one, "task_id": f"task-{n}"} for one in order_processing()]
        if n % 10 == 0:
            told.append(event("task.failed", 900, f"task-{n}"))
        if n % 20 == 0:
            told += [event("task.retry_requested", 901, f"task-{n}"), event("task.completed", 4000, f"task-{n}")]
    random.shuffle(told)
    return told + random.sample(told, 200)


def says_exactly(arena: StatsArena, told: list[Event]) -> bool:
    expected = from_scratch(told)
    return eventually(lambda: arena.windows() == expected) or arena.windows() == expected


def test_windows_are_exact_though_one_of_two_workers_is_killed_on_the_way(arena: StatsArena) -> None:
    told = history(1)
    arena.produce(told[:1500])
    with arena.worker("first", batch_size=100) as first, arena.worker("second", batch_size=100):
        assert eventually(lambda: arena.emitted() > 300)
        first.kill()
        arena.produce(told[1500:])
        with arena.worker("third", batch_size=100):
            assert says_exactly(arena, told)


@pytest.mark.parametrize("store", ["rocksdb", "memory"])
def test_windows_are_made_anew_when_the_state_directory_is_gone(arena: StatsArena, store: str) -> None:
    told = history(2)
    arena.produce(told[:1500])
    with arena.worker("first", store=store) as worker:
        assert eventually(lambda: arena.emitted() > 300)
        worker.kill()
    shutil.rmtree(arena.directory / "state")
    arena.produce(told[1500:])
    with arena.worker("second", store=store) as worker:
        assert says_exactly(arena, told)
        metrics = worker.get("/metrics")[1]
    assert 'tasker_stats_tasks_ended_total{outcome="complete",task_name="order_processing"}' in metrics
    assert "tasker_stats_open_tasks 0.0" in metrics
    assert "tasker_engine_recovery_seconds" in metrics
