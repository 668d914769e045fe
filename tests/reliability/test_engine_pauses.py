"""Time that stands still while a worker starts: a rebalance ends the restore at once, and the worker goes on.

A broker whose time stands still is waited for.

`TEST_SCALE` is the number of rounds; from 2 on long changelogs are restored, too.
"""

import asyncio
import os
import signal
from pathlib import Path
from random import Random

import pytest

from tasker_consumers.embedded import EmbeddedKafka, KafkaSource
from tasker_consumers.engine.faust.partition_producers import PartitionProducers
from tests.support.engine.arena import CHANGELOG, PARTITIONS, Arena, arena
from tests.support.engine.pauses import Paused, harms_of
from tests.support.processes import eventually
from tests.support.scale import SCALE
from tests.unit.consumers.engine.faust.test_partition_producers import Host

__all__ = ["arena"]

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(300 * SCALE)]

#: The line before an assignment is taken; a worker is ready about a second later.
ASSIGNED, WITHIN_S = "Setting newly assigned partitions", 1.5
STORES = ("rocksdb", "memory")


def filled_arena(kafka: KafkaSource, prefix: str, directory: Path, records: int) -> Arena:
    directory.mkdir(parents=True)
    arena = Arena(kafka.bootstrap_servers, prefix, directory)
    arena.create_topics()
    arena.produce(records, records // 4)
    return arena


def test_a_worker_that_is_paused_amid_its_first_assignment_goes_on(
    kafka: KafkaSource, topic_prefix: str, tmp_path: Path
) -> None:
    random = Random(13)
    for round_ in range(SCALE):
        pauses = [
            Paused(
                filled_arena(kafka, f"{topic_prefix}-{round_}-{store}", tmp_path / str(round_) / store, 1_000),
                ASSIGNED,
                0.0 if (round_, store) == (0, "rocksdb") else WITHIN_S * random.random(),
                store,
            )
            for store in STORES
        ]
        assert harms_of(pauses) == []


@pytest.mark.skipif(SCALE < 2, reason="long changelogs are restored with TEST_SCALE=2 and more")
def test_a_worker_that_is_paused_amid_a_long_restore_goes_on(
    kafka: KafkaSource, topic_prefix: str, tmp_path: Path
) -> None:
    random = Random(14)
    arena = filled_arena(kafka, topic_prefix, tmp_path / "long", 200_000)
    with arena.worker("before", store="memory") as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    for _ in range(SCALE):
        arena.produce(1_000, 500)
        assert harms_of([Paused(arena, ASSIGNED, 2 * WITHIN_S * random.random(), "memory")]) == []


async def begin_epochs(arena: Arena) -> None:
    """Begin the next epoch of each partition, as a worker does that stood still and does not know that it lost them."""
    host = Host(arena.bootstrap)
    await host.producer.start()
    group = f"{arena.prefix}-counting"
    late = PartitionProducers(host, group, f"{group}-{CHANGELOG}", [], 30.0)
    await late.open(range(PARTITIONS))
    await late.close()
    await host.producer.stop()


def test_a_worker_whose_epochs_are_ended_by_a_worker_that_stood_still_goes_on(arena: Arena) -> None:
    arena.produce(500, 50)
    with arena.worker() as worker:
        arena.wait_committed()
        asyncio.run(begin_epochs(arena))
        arena.produce(500, 50, seed=2)
        arena.wait_committed()
        assert worker.said("Traceback") == 0
        assert worker.terminate() == 0
    assert arena.differences() == {}


def test_a_worker_that_starts_while_the_broker_is_silent_waits_for_it(
    own_kafka: EmbeddedKafka, topic_prefix: str, tmp_path: Path
) -> None:
    arena = Arena(own_kafka.bootstrap_servers, topic_prefix, tmp_path)
    arena.create_topics()
    arena.produce(100, 10)
    assert own_kafka.pid is not None
    os.kill(own_kafka.pid, signal.SIGSTOP)
    with arena.worker() as worker:
        try:
            assert eventually(lambda: worker.said("Asking again") > 0)
        finally:
            os.kill(own_kafka.pid, signal.SIGCONT)
        arena.wait_committed()
        assert arena.differences() == {}
