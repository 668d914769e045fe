"""A replay by force into the topics that a group reads, while services go on publishing."""

import subprocess
from pathlib import Path

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.stats.core.fold import recompute
from tests.support.demo_runs import TASKER, tasker_environ
from tests.support.stats.arena import StatsArena
from tests.support.stats.group import publish_tasks
from tests.support.stats.histories import order_processing

MOST_TASKS = 200  # that are published during a replay, however long it takes


def test_replays_in_place_under_load_change_no_statistic(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> None:
    arena = StatsArena(kafka.bootstrap_servers, topic_prefix, tmp_path)
    expected = publish_tasks(arena)
    environ = tasker_environ(KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers, TASKER_TOPIC_PREFIX=topic_prefix)
    with arena.worker():
        arena.wait_for(expected)
        for number in range(2):
            replay = subprocess.Popen(
                [*TASKER, "replay", "--in-place", "--allow-live", "--yes"],
                env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
            for task in range(MOST_TASKS):
                told = [{**event, "task_id": f"meanwhile-{number}-{task}"} for event in order_processing()]
                arena.produce(told)
                expected |= recompute(told)
                if replay.poll() is not None:
                    break
            output = replay.communicate(timeout=120)[0]
            assert replay.returncode == 0, output
        arena.wait_for(expected, seconds=120)
