"""Three workers and their broker whose time stands still again and again: no worker ends, no task is lost or wrong.

Only with `TEST_SCALE=2` and more, which is also the number of storms: each takes minutes.
"""

from pathlib import Path
from random import Random

import pytest

from tasker_consumers.embedded import EmbeddedKafka
from tests.support.scale import SCALE
from tests.support.stats.arena import StatsArena
from tests.support.stats.stillness import Stillness
from tests.support.stats.storm import Herd, Orders, storm

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(900)]
TASKS, BLOWS = 1_000, 4


@pytest.mark.skipif(SCALE < 2, reason="time stands still with TEST_SCALE=2 and more")
@pytest.mark.parametrize("seed", range(SCALE))
def test_pauses_of_workers_and_of_the_broker_end_nobody_and_count_no_task_wrong(
    own_kafka: EmbeddedKafka, topic_prefix: str, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    with Herd(StatsArena(own_kafka.bootstrap_servers, topic_prefix, tmp_path)) as herd:
        verdict = storm(herd, Orders(TASKS, random), Stillness(own_kafka, random), BLOWS, random, at_work=False)
    assert (verdict.tasks, verdict.faults, verdict.restarts) == (TASKS, 0, 0)
