"""The store after crashes, outages and replays: rows equal an offline recomputation, none twice, none lost."""

from __future__ import annotations

from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.store.database import open_database
from tasker_consumers.store.maintenance import forget_positions
from tests.support.processes import eventually
from tests.support.scale import SCALE
from tests.support.store.arena import StoreArena
from tests.support.store.postgres import open_cluster

pytestmark = pytest.mark.reliability
TASKS, KILLS = 300 * SCALE, SCALE
#: The next worker of this name takes the partitions at once, without waiting for the end of a session.
SAME = {"TASKER_GROUP_INSTANCE_ID": "same"}


def test_a_worker_that_is_killed_again_and_again_loses_nothing_and_stores_nothing_twice(
    kafka: KafkaSource, topic_prefix: str, empty_url: str, tmp_path: Path
) -> None:
    arena, random = StoreArena(kafka.bootstrap_servers, topic_prefix, empty_url, tmp_path), Random(3)
    arena.produce(0, TASKS)
    for number in range(KILLS):
        with arena.worker(f"killed-{number}", **SAME) as worker:
            worker.wait_ready()
            arena.produce(TASKS * (number + 1), TASKS)
            eventually(arena.is_complete, random.random() * 2)  # a moment of its own in the middle of the work
    with arena.worker("last", **SAME) as worker:
        arena.wait_until_complete()
        assert eventually(lambda: worker.get("/readyz") == (200, "ok\n"))
        assert "tasker_store_rows_total" in worker.get("/metrics")[1]
        assert worker.terminate() == 0
    rows = arena.rows()
    assert rows == arena.expected_rows()
    assert {letter.key for letter in arena.letters()} >= {None, b"order-0", b"order-50", b"order-200"}
    _replay_all(arena)
    replayed = arena.rows()
    assert replayed == arena.expected_rows()
    # What cannot be read is put aside once more: a letter for each time.
    del rows["dead_letters"], replayed["dead_letters"]
    assert replayed == rows


def _replay_all(arena: StoreArena) -> None:
    engine = open_database(arena.url)
    forget_positions(engine)
    engine.dispose()
    with arena.worker("replay", **SAME) as worker:
        arena.wait_until_complete()
        assert worker.terminate() == 0


def test_a_database_that_goes_away_holds_the_partitions_until_it_is_back(
    kafka: KafkaSource, topic_prefix: str, tmp_path: Path
) -> None:
    with open_cluster() as cluster:
        url = cluster.make_database(f"t{uuid4().hex}")
        arena = StoreArena(kafka.bootstrap_servers, topic_prefix, url, tmp_path)
        arena.produce(0, TASKS)
        with arena.worker("worker") as worker:
            worker.wait_ready()
            arena.wait_until_complete()
            cluster.kill()
            arena.produce(TASKS, TASKS)
            assert eventually(lambda: worker.said("All partitions wait") > 0)
            assert worker.get("/readyz")[0] == 503
            assert worker.get("/healthz")[0] == 200
            cluster.start()
            arena.wait_until_complete()
            assert eventually(lambda: worker.get("/readyz")[0] == 200)
            assert worker.terminate() == 0
        assert arena.rows() == arena.expected_rows()


def test_partitions_move_between_workers_without_a_row_lost_or_twice(
    kafka: KafkaSource, topic_prefix: str, empty_url: str, tmp_path: Path
) -> None:
    arena = StoreArena(kafka.bootstrap_servers, topic_prefix, empty_url, tmp_path)
    with arena.worker("first") as first:
        first.wait_ready()
        arena.produce(0, TASKS)
        with arena.worker("second") as second:
            second.wait_ready()
            arena.produce(TASKS, TASKS)
            arena.wait_until_complete()
            assert second.terminate() == 0
        arena.produce(2 * TASKS, TASKS)
        arena.wait_until_complete()
        assert first.terminate() == 0
    assert arena.rows() == arena.expected_rows()
