"""A replay by force into the topics that a group reads, while services go on publishing."""

import subprocess
from pathlib import Path

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.telemetry.rebuild import spans_of
from tests.support.demo_runs import TASKER, tasker_environ
from tests.support.processes import reached
from tests.support.stats.arena import StatsArena
from tests.support.stats.group import publish_tasks
from tests.support.stats.histories import order_processing
from tests.support.telemetry.arena import TelemetryArena, otlp_variables
from tests.support.telemetry.arena import arena as telemetry
from tests.support.telemetry.histories import Told, failed_order, order
from tests.support.telemetry.otlp import OtlpReceiver, otlp

__all__ = ["otlp", "telemetry"]  # fixtures

MOST_TASKS = 200  # that are published during a replay, however long it takes
REPLAY = [*TASKER, "replay", "--in-place", "--allow-live", "--yes"]


def test_replays_in_place_under_load_change_no_statistic(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> None:
    arena = StatsArena(kafka.bootstrap_servers, topic_prefix, tmp_path)
    expected = publish_tasks(arena)
    environ = tasker_environ(KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers, TASKER_TOPIC_PREFIX=topic_prefix)
    with arena.worker():
        arena.wait_for(expected)
        for number in range(2):
            replay = subprocess.Popen(REPLAY, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for task in range(MOST_TASKS):
                told = [{**event, "task_id": f"meanwhile-{number}-{task}"} for event in order_processing()]
                arena.produce(told)
                expected |= recompute(told)
                if replay.poll() is not None:
                    break
            output = replay.communicate(timeout=120)[0]
            assert replay.returncode == 0, output
        arena.wait_for(expected, seconds=120)


def test_replays_in_place_under_load_change_no_span(telemetry: TelemetryArena, otlp: OtlpReceiver) -> None:
    history = _orders(telemetry.prefix, "before", 20)
    before = {span.span_id for span in spans_of(history)}
    telemetry.send(history)
    environ = tasker_environ(KAFKA_BOOTSTRAP_SERVERS=telemetry.bootstrap, TASKER_TOPIC_PREFIX=telemetry.prefix)
    with telemetry.worker(otlp_variables(otlp.http)):
        assert reached(lambda: len(otlp.latest()), len(before))
        exported = otlp.latest()
        for number in range(2):
            replay = subprocess.Popen(REPLAY, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for turn in range(MOST_TASKS // 4):
                meanwhile = _orders(telemetry.prefix, f"meanwhile-{number}-{turn}", 2)
                telemetry.send(meanwhile)
                history += meanwhile
                if replay.poll() is not None:
                    break
            output = replay.communicate(timeout=120)[0]
            assert replay.returncode == 0, output
        expected = {span.span_id for span in spans_of(history)}
        assert reached(lambda: len(otlp.latest()), len(expected))
        assert reached(lambda: telemetry.offsets()[0], telemetry.offsets()[1])
    latest = otlp.latest()
    assert latest.keys() == expected
    assert {span_id: latest[span_id] for span_id in exported} == exported
    assert otlp.faults == []


def _orders(prefix: str, name: str, count: int) -> list[Told]:
    """Orders, of which every second one failed."""
    made = [(failed_order if n % 2 else order)(f"{name}-{n}", prefix=prefix) for n in range(count)]
    return [record for records in made for record in records]
