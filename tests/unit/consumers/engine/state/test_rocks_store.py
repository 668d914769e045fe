"""Files that are damaged, foreign or old are never trusted: a partition is whole, or it is restored."""

import logging
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.engine.state.rocks_store import RocksStore
from tasker_consumers.engine.state.store import StateDamaged
from tasker_schemas.errors import ConfigurationError

STATES = {b"task-%05d" % number: random.Random(number).randbytes(300) for number in range(20_000)}
Damage = Callable[[Path], object]


@pytest.fixture(scope="session")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one partition with some files."""
    directory = tmp_path_factory.mktemp("intact")
    store = RocksStore(directory)
    items = list(STATES.items())
    for start in range(0, len(items), 2000):
        store.write(0, dict(items[start : start + 2000]), start)
    store.close()
    return directory


@pytest.fixture
def copy(intact: Path, tmp_path: Path) -> Path:
    shutil.copytree(intact, tmp_path / "block")  # "lock" is in its name
    return tmp_path / "block"


def largest(directory: Path) -> Path:
    return max((directory / "0").glob("*.sst"), key=lambda path: path.stat().st_size)


def overwrite(path: Path, at: int, size: int = 200) -> None:
    data = bytearray(path.read_bytes())
    data[at : at + size] = random.Random(3).randbytes(size)
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def index_block(directory: Path) -> None:
    overwrite(largest(directory), largest(directory).stat().st_size - 1500)


def data_block(directory: Path) -> None:
    overwrite(largest(directory), largest(directory).stat().st_size // 2)


def file_for_directory(path: Path) -> None:
    shutil.rmtree(path)
    path.write_text("")


DAMAGES: dict[str, Damage] = {
    "index block": index_block,
    "data block": data_block,
    "truncated file": lambda directory: truncate(largest(directory)),
    "missing file": lambda directory: largest(directory).unlink(),
    "missing CURRENT": lambda directory: (directory / "0" / "CURRENT").unlink(),
    "empty CURRENT": lambda directory: (directory / "0" / "CURRENT").write_bytes(b""),
    "missing MANIFEST": lambda directory: next((directory / "0").glob("MANIFEST*")).unlink(),
    "truncated MANIFEST": lambda directory: truncate(next((directory / "0").glob("MANIFEST*"))),
    "a file in the place of the directory": lambda directory: file_for_directory(directory / "0"),
}
USES: dict[str, Callable[[RocksStore], object]] = {
    "get": lambda store: {key: store.reader(0)(key) for key in STATES} == STATES,
    "heads": lambda store: sorted(store.heads(0)) == sorted(STATES),
    "scan": lambda store: dict(store.scan(0, b"task-")) == STATES,
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed_by_every_use_and_leads_to_an_empty_store(copy: Path, damage: str, use: str) -> None:
    DAMAGES[damage](copy)
    damaged = list[int]()
    store = RocksStore(copy, on_damage=damaged.append)
    if store.offset(0) is not None:
        try:
            assert USES[use](store), "an answer is whole"
        except StateDamaged:
            assert damaged == [0]
            with pytest.raises(StateDamaged):
                store.reader(0)
            assert store.offset(0) is None
    if store.offset(0) is None:
        assert list(store.heads(0)) == []
        store.write(0, {b"a": b"1"}, 5)
        assert (store.reader(0)(b"a"), store.offset(0)) == (b"1", 5)
    store.close()


def test_damage_that_one_process_noticed_is_not_trusted_by_the_next(copy: Path) -> None:
    data_block(copy)
    store = RocksStore(copy)
    with pytest.raises(StateDamaged):
        list(store.heads(0))
    store.close()
    assert RocksStore(copy).offset(0) is None


def test_damage_is_told_once(copy: Path, caplog: pytest.LogCaptureFixture) -> None:
    data_block(copy)
    store = RocksStore(copy)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with pytest.raises(StateDamaged):
                list(store.heads(0))
    assert [record.getMessage()[:33] for record in caplog.records] == ["State of partition 0 is damaged ("]


_HOLDER = """
import sys, time
from pathlib import Path
from tasker_consumers.engine.state.rocks_store import RocksStore
store = RocksStore(Path(sys.argv[1]))
store.offset(0)
print("held", flush=True)
time.sleep(60)
"""


def test_files_that_another_process_holds_are_told_as_such_and_stay(copy: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _HOLDER, str(copy)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ConfigurationError, match="used by another process"):
            RocksStore(copy).offset(0)
        holder.kill()
    assert RocksStore(copy).offset(0) == 18_000


def opened(directory: Path, **trust: Any) -> int | None:
    store = RocksStore(directory, **trust)
    try:
        return store.offset(0)
    finally:
        store.close()


def test_states_of_another_changelog_are_not_trusted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = RocksStore(tmp_path, changelog="cluster/one")
    store.write(0, {b"a": b"1"}, 7)
    store.close()
    assert opened(tmp_path, changelog="cluster/one") == 7
    assert opened(tmp_path, changelog="cluster/two") is None
    assert "State of partition 0 is from another changelog: restoring it" in caplog.text
    assert opened(tmp_path, changelog="cluster/two") is None


@pytest.mark.parametrize(("later_s", "expected"), [(50, 7), (150, None), (-3600, None)])
def test_states_older_than_tombstones_are_kept_are_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later_s: float, expected: int | None
) -> None:
    store = RocksStore(tmp_path, max_age_s=100)
    store.write(0, {b"a": b"1"}, 7)
    store.close()
    later = time.time_ns() + int(later_s * 1e9)
    monkeypatch.setattr(time, "time_ns", lambda: later)
    assert opened(tmp_path, max_age_s=100) == expected


def test_files_of_partitions_that_went_elsewhere_are_removed_after_a_while(copy: Path) -> None:
    store = RocksStore(copy)
    store.write(1, {b"a": b"1"}, 1)
    store.write(2, {b"a": b"1"}, 1)
    store.release(2)
    assert store.remove_released(3600) == []
    assert store.remove_released(0) == [0, 2], "0 is of the process before"
    assert (store.offset(0), store.offset(1), store.offset(2)) == (None, 1, None)


def test_heads_leave_out_the_parts_of_large_states_without_reading_them_all(tmp_path: Path) -> None:
    store = RocksStore(tmp_path)
    parts = {b"large\0%05d" % number: b"" for number in range(50_000)}
    store.write(0, {b"": b"1", b"\0\0index:a": b"", b"large": b"1", **parts, b"larger": b"1", b"z": b"1"}, 1)
    assert list(store.heads(0)) == [b"", b"large", b"larger", b"z"]
