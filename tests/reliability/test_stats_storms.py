"""Three workers, and one blow after the other: against an offline recomputation no task lost, no task or window wrong.

`TEST_SCALE=25` makes 50,000 tasks and 30 blows of the 2,000 and 3; `pytest -rP` shows the counts.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tasker_consumers.embedded import EmbeddedKafka, KafkaSource
from tests.support.kafka.network_proxy import TO_BROKER, TO_CLIENT, ProxiedKafka
from tests.support.scale import SCALE
from tests.support.stats.arena import StatsArena
from tests.support.stats.storm import Herd, Orders, storm

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(240 + 60 * SCALE)]
TASKS, BLOWS = 2_000 * SCALE, 3 * min(SCALE, 10)


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> StatsArena:
    return StatsArena(kafka.bootstrap_servers, topic_prefix, tmp_path)


def test_kills_of_random_workers_lose_no_task_and_count_none_wrong(arena: StatsArena) -> None:
    random = Random(4)
    with Herd(arena) as herd:
        verdict = storm(herd, Orders(TASKS, random), lambda herd, _: herd.kill(random.randrange(3)), BLOWS, random)
    assert (verdict.tasks, verdict.faults) == (TASKS, 0)


def test_kills_every_few_seconds_without_mercy_lose_no_task_and_count_none_wrong(arena: StatsArena) -> None:
    random = Random(8)

    def blow(herd: Herd, _: int) -> None:
        herd.kill(random.randrange(3))

    with Herd(arena) as herd:
        verdict = storm(herd, Orders(TASKS, random), blow, BLOWS, random, at_work=False)
    assert (verdict.tasks, verdict.faults) == (TASKS, 0)


def test_kills_that_take_the_disk_along_lose_no_task_and_count_none_wrong(arena: StatsArena) -> None:
    random = Random(5)

    def blow(herd: Herd, _: int) -> None:
        herd.kill(random.randrange(3), forget=True)

    with Herd(arena) as herd:
        verdict = storm(herd, Orders(TASKS, random), blow, BLOWS, random)
    assert (verdict.tasks, verdict.faults) == (TASKS, 0)


def test_kills_of_workers_and_of_the_broker_lose_no_task_and_count_none_wrong(
    own_kafka: EmbeddedKafka, topic_prefix: str, tmp_path: Path
) -> None:
    random = Random(6)

    def blow(herd: Herd, number: int) -> None:
        herd.kill(random.randrange(3))
        if number % 5 == 1:
            own_kafka.kill()
            own_kafka.start()

    with Herd(StatsArena(own_kafka.bootstrap_servers, topic_prefix, tmp_path)) as herd:
        verdict = storm(herd, Orders(TASKS, random), blow, BLOWS, random)
    assert (verdict.tasks, verdict.faults) == (TASKS, 0)


def test_networks_that_are_cut_delayed_and_half_closed_lose_no_task_and_count_none_wrong(
    topic_prefix: str, tmp_path: Path
) -> None:
    random = Random(9)
    with ProxiedKafka(data_dir=tmp_path / "kafka") as broker, broker.proxy() as proxy:
        harms: tuple[Callable[[], None], ...] = (
            proxy.half_close,
            lambda: proxy.delay(random.random() / 2),
            lambda: proxy.cut(random.choice([TO_BROKER, TO_CLIENT])),
            proxy.cut,
        )

        def blow(herd: Herd, number: int) -> None:
            harms[number % len(harms)]()
            herd.supervise(for_s=2 + 8 * random.random())  # a session is 6 s
            proxy.mend()

        arena = StatsArena(broker.bootstrap_servers, topic_prefix, tmp_path)
        with Herd(arena, behind={0: proxy.address, 1: proxy.address}) as herd:
            verdict = storm(herd, Orders(TASKS, random), blow, max(BLOWS, len(harms)), random)
    assert (verdict.tasks, verdict.faults) == (TASKS, 0)


def test_workers_that_come_and_go_all_the_time_lose_no_task_and_count_none_wrong(arena: StatsArena) -> None:
    random = Random(7)

    def blow(herd: Herd, number: int) -> None:
        if len(herd.workers) > 1 and random.random() < 0.5:
            herd.leave(random.choice(list(herd.workers)))
        else:
            herd.start(3 + number)

    with Herd(arena) as herd:
        verdict = storm(herd, Orders(TASKS, random), blow, BLOWS, random)
    assert (verdict.tasks, verdict.faults) == (TASKS, 0)
