"""One worker on a real Kafka: its states on disk and in the changelog."""

import shutil

import pytest
from confluent_kafka.admin import AdminClient

from tests.support.engine.arena import PARTITIONS, Arena, arena
from tests.support.kafka.topics import delete_topics
from tests.support.processes import LIMIT_S

__all__ = ["arena"]


@pytest.mark.parametrize("store", ["rocksdb", "memory"])
def test_states_come_back_from_the_changelog_when_their_directory_is_gone(arena: Arena, store: str) -> None:
    arena.produce(5000, 1000)
    with arena.worker("before", store=store) as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    shutil.rmtree(arena.directory / "state")
    arena.produce(1000, 1000, seed=2)
    with arena.worker("after", store=store) as worker:
        arena.wait_committed()
        assert worker.said("Restoring state from changelog topics")
        assert worker.terminate() == 0
    assert arena.differences() == {}


def test_a_worker_that_starts_again_reads_no_changelog_it_has_on_disk(arena: Arena) -> None:
    arena.produce(1000, 100)
    for name in ("before", "after"):
        with arena.worker(name) as worker:
            arena.wait_committed()
            worker.wait_ready()
            assert worker.terminate() == 0
            assert not worker.said("Restoring state from changelog topics")


def test_a_state_directory_from_another_life_of_the_changelog_is_forgotten(arena: Arena) -> None:
    arena.produce(1000, 100)
    with arena.worker("before") as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    admin = AdminClient({"bootstrap.servers": arena.bootstrap})
    delete_topics(admin, [f"{arena.prefix}-counting-states-changelog"])
    with arena.worker("after") as worker:
        worker.wait_ready()
        assert worker.said("is from another changelog")
        assert worker.terminate() == 0


def test_a_damaged_disk_is_restored_while_the_worker_runs(arena: Arena) -> None:
    arena.produce(20_000, 4_000)
    with arena.worker("before") as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    for partition in range(PARTITIONS):
        files = (arena.directory / "state").rglob(f"states/{partition}/*.sst")
        largest = max(files, key=lambda path: path.stat().st_size)
        data = bytearray(largest.read_bytes())
        data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
        largest.write_bytes(data)
    with arena.worker("after") as worker:
        worker.wait_ready()
        arena.produce(20_000, 4_000, seed=2)
        arena.wait_committed()
        assert worker.said("is damaged (Corruption")
        assert worker.terminate() == 0
    assert arena.differences() == {}


def test_a_disk_that_knows_an_older_life_of_the_changelog_is_restored(arena: Arena) -> None:
    old = str(arena.directory / "old")
    arena.produce(1000, 100)
    with arena.worker("old", state_dir=old) as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    arena.forget_group()
    arena.produce(2000, 100, seed=2)
    with arena.worker("new") as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    with arena.worker("old again", state_dir=old) as worker:
        worker.wait_ready()
        arena.produce(1000, 100, seed=3)
        arena.wait_committed()
        assert worker.said("is from another changelog") >= PARTITIONS
        assert worker.terminate() == 0
    assert arena.differences() == {}


def test_a_state_larger_than_a_usual_record_is_kept_and_restored(arena: Arena) -> None:
    for name, count in (("before", 100_000), ("after", 1)):
        arena.produce(count, 1, topics="a")
        with arena.worker(name, store="memory", batch_size=50_000) as worker:
            arena.wait_committed()
            assert worker.terminate() == 0
    assert max(len(record.value()) for record in arena.changelog()) > 1_200_000
    assert arena.differences() == {}


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"cleanup.policy": "delete"}, "cleanup.policy is delete, expected compact"),
        ({"cleanup.policy": "compact", "max.message.bytes": "1048588"}, "max.message.bytes is 1048588"),
    ],
)
def test_a_changelog_that_loses_states_is_refused_with_the_command_that_mends_it(
    arena: Arena, config: dict[str, str], line: str
) -> None:
    changelog = f"{arena.prefix}-counting-states-changelog"
    arena.create_topic(changelog, config)
    with arena.worker() as worker:
        assert worker.process.wait(LIMIT_S) == 2
        (last,) = (text for text in worker.log.read_text().splitlines() if "tasker: " in text)
    assert line in last
    assert f"--entity-name {changelog}" in last
