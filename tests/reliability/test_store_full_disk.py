"""A disk that is full: the store's partitions wait and say why, nothing is lost, and the work goes on with room."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.store.database import open_database
from tasker_consumers.store.migrations.migrate import migrate
from tests.support.processes import eventually
from tests.support.scale import SCALE
from tests.support.store.arena import StoreArena
from tests.support.store.postgres import open_cluster
from tests.support.store.small_disk import SmallDisk, small_disk

pytestmark = pytest.mark.reliability
TASKS = 400 * SCALE
#: Too little for the rows of the tasks in either database.
ROOM = 128 << 10


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    """A disk in a folder that PostgreSQL's user may enter."""
    with tempfile.TemporaryDirectory(prefix="tasker-disk-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with small_disk(folder / "disk", 32 * SCALE) as found:
            yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def url_on_disk(request: pytest.FixtureRequest, disk: SmallDisk) -> Iterator[str]:
    """The URL of a migrated database on the disk, of each kind; PostgreSQL's log of changes is on another disk."""
    if request.param == "sqlite":
        yield migrated(f"sqlite:///{disk.folder / 'store.db'}")
        return
    with open_cluster() as cluster:  # its own: without the disk no database of the cluster can be written to its files
        yield migrated(cluster.make_database("store", folder=disk.folder))


def test_a_full_disk_of_the_log_of_changes_is_an_outage(
    kafka: KafkaSource, topic_prefix: str, disk: SmallDisk, tmp_path: Path
) -> None:
    with open_cluster(wal=disk.folder) as cluster:
        arena = StoreArena(kafka.bootstrap_servers, topic_prefix, migrated(cluster.make_database("store")), tmp_path)
        disk.fill(free=ROOM)
        arena.produce(0, TASKS)
        with arena.worker("worker") as worker:
            # PostgreSQL ends itself when it cannot write its log, and cannot start before there is room.
            assert eventually(lambda: worker.said("All partitions wait") > 0)
            assert eventually(lambda: worker.get("/readyz")[0] == 503)
            assert worker.get("/healthz")[0] == 200
            assert not arena.is_complete()
            disk.empty()
            cluster.kill()
            cluster.start()
            arena.wait_until_complete()
            assert eventually(lambda: worker.get("/readyz")[0] == 200)
            assert worker.terminate() == 0
        assert arena.rows() == arena.expected_rows()


def migrated(url: str) -> str:
    engine = open_database(url)
    migrate(engine)
    engine.dispose()
    return url


def says_full(status: int, reason: str) -> bool:
    """Return whether a worker is not ready for the reason that a disk is full, in the words of either database."""
    return status == 503 and ("full" in reason or "No space left" in reason)


def test_a_full_disk_holds_the_partitions_until_there_is_room(
    kafka: KafkaSource, topic_prefix: str, url_on_disk: str, disk: SmallDisk, tmp_path: Path
) -> None:
    arena = StoreArena(kafka.bootstrap_servers, topic_prefix, url_on_disk, tmp_path)
    disk.fill(free=ROOM)
    arena.produce(0, TASKS)
    with arena.worker("worker") as worker:
        assert eventually(lambda: worker.said("All partitions wait") > 0)
        assert eventually(lambda: says_full(*worker.get("/readyz")))
        assert worker.get("/healthz")[0] == 200
        assert not arena.is_complete()
        disk.empty()
        arena.wait_until_complete()
        assert eventually(lambda: worker.get("/readyz")[0] == 200)
        assert worker.terminate() == 0
    assert arena.rows() == arena.expected_rows()
