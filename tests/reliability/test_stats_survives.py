"""The statistics after lost disks and with huge tasks: nothing lost, nothing wrong (against an offline fold)."""

import shutil
from pathlib import Path
from random import Random

import pytest

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.stats.core.fold import recompute
from tests.support.stats.arena import StatsArena
from tests.support.stats.histories import Event, large_task, order_processing

pytestmark = pytest.mark.reliability
TASKS = 2_500


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> StatsArena:
    return StatsArena(kafka.bootstrap_servers, topic_prefix, tmp_path)


def many_orders(random: Random) -> list[Event]:
    """Return the events of all orders: interleaved, a tenth far out of order, one in a hundred twice."""
    told = [{**one, "task_id": f"task-{n}"} for n in range(TASKS) for one in order_processing()]
    places = {id(one): at + random.random() * 4000 * (random.random() < 0.1) for at, one in enumerate(told)}
    told.sort(key=lambda one: places[id(one)])
    return told + random.sample(told, len(told) // 100)


def test_statistics_survive_the_loss_of_the_state_directory(arena: StatsArena) -> None:
    told = many_orders(Random(5))
    half = len(told) // 2
    arena.produce(told[:half])
    with arena.worker("first") as worker:
        arena.wait_for(recompute(told[:half]))
        assert worker.terminate() == 0
    shutil.rmtree(arena.directory / "state")
    arena.produce(told[half:])
    with arena.worker("second"):
        arena.wait_for(recompute(told))


def test_a_task_of_twenty_thousand_steps_is_counted_like_any_other(arena: StatsArena) -> None:
    told = large_task(20_000)
    arena.produce(told)
    with arena.worker():
        arena.wait_for(recompute(told), 120)
