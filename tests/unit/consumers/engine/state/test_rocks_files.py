"""The files of RocksDB: a database opens with its entries if it can be trusted, and empty otherwise."""

import time
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.engine.state.rocks_files import CHANGELOG, CONFIRMED, OFFSET, RocksFiles, is_damage
from tasker_schemas.errors import ConfigurationError

DAY_S = 86_400.0


def files_of(directory: Path, changelog: bytes = b"one", max_age_s: float = DAY_S) -> RocksFiles:
    return RocksFiles(directory, changelog, max_age_s)


def entry(database: Any) -> bytes | None:
    """Return the entry that `stored` has written, and close the database."""
    value: bytes | None = database.get(b"a")
    database.close()
    return value


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A directory with a database of partition 0, confirmed now."""
    files = files_of(tmp_path)
    database = files.open(0)
    confirmed = {CONFIRMED: b"%d" % time.time_ns()}
    for key, value in {b"a": b"1", OFFSET: b"7", **confirmed}.items():
        database.put(key, value, files.writing)
    database.close()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Corruption: block checksum mismatch: stored = 1, computed = 2 in /x/block/1.sst", True),
        ("IO error: No such file or directory: While open a file for random read: /lock/1.sst", True),
        ("IO error: lock hold by current process, acquire time 1 acquiring thread 2: /x/LOCK: No locks", False),
        ("IO error: While lock file: /x/LOCK: Resource temporarily unavailable", False),
        ("IO error: No space left on device: While appending to file: /x/1.sst", False),
        ("IO error: Permission denied: While open a file for appending: /x/LOG", False),
        ("IO error: While open a file for random read: /x/1.sst: Too many open files", False),
    ],
)
def test_errors_of_locks_full_disks_and_rights_are_no_damage(text: str, expected: bool) -> None:
    assert is_damage(Exception(text)) is expected


@pytest.mark.parametrize(
    ("changelog", "later_s", "expected"),
    [
        (b"one", 0, b"1"),
        (b"two", 0, None),
        (b"one", DAY_S - 60, b"1"),
        (b"one", DAY_S + 60, None),
        (b"one", -30, b"1"),
        (b"one", -120, None),
    ],
)
def test_only_a_database_of_the_same_changelog_and_a_possible_age_is_trusted(
    stored: Path, monkeypatch: pytest.MonkeyPatch, changelog: bytes, later_s: float, expected: bytes | None
) -> None:
    later = time.time_ns() + round(later_s * 1e9)
    monkeypatch.setattr(time, "time_ns", lambda: later)
    assert entry(files_of(stored, changelog).open(0)) == expected


def test_a_confirmation_that_is_no_number_is_damage(stored: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = files_of(stored)
    database = files.open(0)
    database.put(CONFIRMED, b"yesterday", files.writing)
    database.close()
    assert entry(files_of(stored).open(0)) is None
    assert "State of partition 0 is damaged (invalid literal" in caplog.text


def test_an_opened_database_belongs_to_the_changelog_of_its_worker(stored: Path) -> None:
    database = files_of(stored, b"two").open(0)
    assert (database.get(CHANGELOG), database.get(OFFSET)) == (b"two", None)
    database.close()


def test_a_database_that_is_marked_damaged_is_removed_by_the_next_process(stored: Path) -> None:
    files_of(stored).mark_damaged(0)
    assert entry(files_of(stored).open(0)) is None
    database = files_of(stored).open(0)
    database.put(b"a", b"2")
    database.close()
    assert entry(files_of(stored).open(0)) == b"2", "the mark went with the files"


def test_removed_files_are_gone_and_their_successors_have_another_name(stored: Path) -> None:
    files = files_of(stored)
    files.remove(0)
    assert files.partitions() == set()
    files.open(0).close()
    assert (files.partitions(), (stored / "0").exists()) == ({0}, False)
    files.remove(0)
    files.open(0).close()
    assert len([*stored.glob("0*")]) == 1


def test_a_partition_is_not_removed_with_another_that_begins_with_its_number(stored: Path) -> None:
    files = files_of(stored)
    files.open(10).close()
    files.remove(1)
    files.remove(0)
    assert files.partitions() == {10}


def test_files_that_belong_to_no_partition_are_left_alone(stored: Path) -> None:
    (stored / "notes.txt").write_text("")
    files = files_of(stored)
    files.remove(0)
    assert files.partitions() == set()
    assert [path.name for path in stored.iterdir()] == ["notes.txt"]


def test_files_in_use_are_an_error_that_names_them_and_stay(stored: Path) -> None:
    database = files_of(stored).open(0)
    with pytest.raises(ConfigurationError, match=f"{stored / '0'} is used by another process"):
        files_of(stored).open(0)
    assert entry(database) == b"1"


def test_a_file_in_the_place_of_a_database_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "0").write_text("no directory")
    assert entry(files_of(tmp_path).open(0)) is None
