"""Kills, rebalances and a broker that dies: nothing lost, nothing wrong, against an offline recomputation."""

import random
import signal
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.embedded import EmbeddedKafka, KafkaSource
from tests.support.engine.arena import Arena, wait_until
from tests.support.processes import LIMIT_S

pytestmark = pytest.mark.reliability
RECORDS, KEYS = 20_000, 2_000
# Small runs and a backend that takes its time: a kill has something to hit in the middle of.
SLOWLY: dict[str, Any] = {"batch_size": 100, "processor": {"slow": 0.05}}


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> Arena:
    arena = Arena(kafka.bootstrap_servers, topic_prefix, tmp_path)
    arena.create_topics()
    arena.produce(RECORDS, KEYS)
    return arena


@pytest.mark.parametrize("store", ["rocksdb", "memory"])
def test_three_kills_lose_nothing_and_count_nothing_twice(arena: Arena, store: str) -> None:
    for round_ in range(3):
        with arena.worker(f"w{round_}", store=store, **SLOWLY):
            arena.wait_committed(0.2 * (round_ + 1) + random.random() * 0.1)
        assert arena.committed() < arena.records, "it was killed in the middle"
    with arena.worker("last", store=store, **SLOWLY) as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    assert arena.differences() == {}


def test_workers_that_join_and_leave_lose_nothing_and_count_nothing_twice(arena: Arena) -> None:
    with arena.worker("first", **SLOWLY) as first:
        arena.wait_committed(0.1)
        with arena.worker("second", **SLOWLY) as second:
            second.wait_ready()
            arena.wait_committed(0.3)
        arena.produce(RECORDS // 2, KEYS, seed=8)
        with arena.worker("third", **SLOWLY) as third:
            third.wait_ready()
            arena.wait_committed(0.7)
            assert third.terminate() == 0
        arena.wait_committed()
        assert first.terminate() == 0
    assert arena.differences() == {}


def test_a_broker_that_dies_and_returns_costs_nothing(
    own_kafka: EmbeddedKafka, topic_prefix: str, tmp_path: Path
) -> None:
    arena = Arena(own_kafka.bootstrap_servers, topic_prefix, tmp_path)
    arena.create_topics()
    arena.produce(RECORDS, KEYS)
    with arena.worker(**SLOWLY) as worker:
        arena.wait_committed(0.3)
        own_kafka.kill()
        wait_until(lambda: worker.said("Unable connect to node") > 0, "it notices")
        own_kafka.start()
        arena.wait_committed()
        assert worker.terminate() == 0
    assert arena.differences() == {}


def test_a_worker_that_was_frozen_does_not_write_into_what_others_took_over(arena: Arena) -> None:
    with arena.worker("frozen", **SLOWLY) as frozen:
        arena.wait_committed(0.2)
        frozen.process.send_signal(signal.SIGSTOP)
        with arena.worker("heir", **SLOWLY) as heir:
            arena.wait_committed(0.5)
            frozen.process.send_signal(signal.SIGCONT)
            frozen.wait_ready(times=2)
            arena.wait_committed()
            assert (heir.terminate(), frozen.terminate()) == (0, 0)
    assert arena.differences() == {}


def test_a_worker_gives_up_when_the_broker_is_gone_for_too_long(
    own_kafka: EmbeddedKafka, topic_prefix: str, tmp_path: Path
) -> None:
    arena = Arena(own_kafka.bootstrap_servers, topic_prefix, tmp_path)
    arena.create_topics()
    arena.produce(100, 10)
    with arena.worker(broker_timeout=3.0, drain_timeout=1.0) as worker:
        arena.wait_committed()
        own_kafka.kill()
        assert worker.process.wait(LIMIT_S) == 1
        assert worker.said("tasker: no broker has answered for 3 s: giving up")
