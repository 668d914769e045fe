"""A spool file: the order of its records, its counts, its owner, and what a crash or a full disk leaves of it."""

import sqlite3
import stat
from itertools import chain, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_producer.delivery.spool.file import _pieces
from tests.support.producer.spooled import left_spool, new_spool, numbers, record


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_records_come_back_as_they_were_in_their_order(directory: Path) -> None:
    assert new_spool(directory, 1, 2).oldest(10) == [(1, record(1)), (2, record(2))]


def test_what_is_put_back_comes_before_all_others(directory: Path) -> None:
    spool = new_spool(directory, 3)
    spool.put_back([record(1), record(2)])
    spool.put_back([record(0)])
    assert numbers(spool.oldest(10)) == [0, 1, 2, 3]


def test_topics_are_left_out_and_counted_apart(directory: Path) -> None:
    spool = new_spool(directory, 1)
    spool.append([record(2, topic="other"), record(3)])
    assert numbers(spool.oldest(10, ["topic"])) == [2]
    assert numbers(spool.oldest(1, ["other"])) == [1]
    assert spool.counts == {"topic": 2, "other": 1}


def test_what_a_dead_process_left_is_taken_over_with_its_counts(directory: Path) -> None:
    spool = new_spool(directory, *range(5))
    size = spool.size
    spool.close()
    left = left_spool(directory)
    assert left is not None
    assert (left.count, left.size) == (5, size)


def test_a_file_in_use_is_left_to_its_owner(directory: Path) -> None:
    new_spool(directory, 1)
    assert left_spool(directory) is None
    assert new_spool(directory).path.name == "events-1.sqlite"


def test_nobody_else_may_read_what_waits(directory: Path) -> None:
    new_spool(directory, 1)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()} == {0o600}


def test_an_empty_file_is_removed_when_its_process_lets_go_of_it(directory: Path) -> None:
    spool = new_spool(directory, 1)
    spool.remove(spool.oldest(10))
    spool.close()
    assert list(directory.iterdir()) == []


def test_a_torn_tail_loses_only_what_was_not_committed(directory: Path, tmp_path: Path) -> None:
    spool = new_spool(directory, 1)
    log = directory / "events-0.sqlite-wal"
    committed = log.stat().st_size
    spool.append([record(2)])
    copy = tmp_path / "copy"
    copy.mkdir(mode=0o700)
    (copy / "events-0.sqlite").write_bytes((directory / "events-0.sqlite").read_bytes())
    (copy / "events-0.sqlite-wal").write_bytes(log.read_bytes()[: committed + 100])
    left = left_spool(copy)
    assert left is not None
    assert numbers(left.oldest(10)) == [1]


def test_a_disk_that_refuses_to_delete_does_not_give_an_event_twice(directory: Path) -> None:
    spool = new_spool(directory, *range(4))
    spool._database.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.OperationalError):
        spool.remove(spool.oldest(2))
    spool._database.execute("PRAGMA query_only = OFF")
    spool.put_back([record(1)])
    assert numbers(spool.oldest(10)) == [1, 2, 3]


def test_a_disk_that_refuses_to_delete_single_records_does_not_give_them_twice(directory: Path) -> None:
    spool = new_spool(directory, *range(4))
    spool._database.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.OperationalError):
        spool.remove_some(spool.oldest(4)[1::2])
    assert (numbers(spool.oldest(10)), spool.count) == ([0, 2], 2)


def test_ids_begin_anew_once_everything_is_forgotten(directory: Path) -> None:
    spool = new_spool(directory)
    for number in range(3):
        spool.append([record(number), record(number)])
        spool.remove(spool.oldest(2))
    spool.put_back([record(7)])
    spool.append([record(8)])
    assert numbers(spool.oldest(10)) == [7, 8]


def test_records_among_others_are_forgotten_with_their_size(directory: Path) -> None:
    spool = new_spool(directory, *range(4))
    spool.remove_some([entry for entry in spool.oldest(10) if entry[0] != 2])
    assert (numbers(spool.oldest(10)), spool.count, spool.size) == ([1], 1, record(1).size)
    spool.put_back([record(0)])
    assert numbers(spool.oldest(10)) == [0, 1]


def test_a_file_needs_no_memory_that_processes_share_and_so_no_local_disk(directory: Path) -> None:
    new_spool(directory, 1)
    assert sorted(file.name for file in directory.glob("events-*.sqlite-*")) == ["events-0.sqlite-wal"]


@pytest.mark.parametrize(("count", "size"), [(1, 10), (127, 10), (128, 10), (129, 10), (1_000, 10), (5, 600_000)])
def test_any_number_of_records_of_any_size_is_kept_in_its_order(directory: Path, count: int, size: int) -> None:
    spool = new_spool(directory)
    spool.append([record(number, size) for number in range(count)])
    spool.put_back([record(number, size) for number in range(-count, 0)])
    expected = [(row, record(number, size)) for row, number in enumerate(range(-count, count), 1 - count)]
    assert (spool.oldest(5_000), spool.count) == (expected, 2 * count)
    assert spool.size == sum(entry.size for _, entry in expected)


def test_records_are_kept_all_or_none_where_the_disk_fills_up_amid_them(directory: Path) -> None:
    spool = new_spool(directory, 1)
    spool._database.execute("PRAGMA max_page_count = 20")
    with pytest.raises(sqlite3.OperationalError):
        spool.append([record(number, 500) for number in range(2, 1_000)])
    assert (numbers(spool.oldest(10)), spool.count, spool.size) == ([1], 1, record(1).size)


def test_a_batch_ends_with_the_record_that_exceeds_its_bytes(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasker_producer.delivery.spool.file._MAX_BATCH_BYTES", 2 * record(0).size)
    spool = new_spool(directory, *range(5))
    batch = spool.oldest(10)
    assert numbers(batch) == [0, 1, 2]
    spool.remove(batch)
    assert (numbers(spool.oldest(10)), spool.count) == ([3, 4], 2)


@given(sizes=st.lists(st.sampled_from([1, 1_000, 500_000, 1 << 20, 2 << 20]), max_size=300))
def test_a_statement_takes_many_rows_and_copies_few_bytes(sizes: list[int]) -> None:
    rows = [(number, "topic", b"", b"", "[]", size, 0) for number, size in enumerate(sizes)]
    pieces = list(_pieces(rows))
    assert list(chain.from_iterable(pieces)) == rows
    assert all(len(piece) == 1 or sum(row[5] for row in piece) <= 1 << 20 for piece in pieces)
    assert all(1 <= len(piece) <= 128 for piece in pieces)
    for piece, successor in pairwise(pieces):
        assert len(piece) == 128 or sum(row[5] for row in piece) + successor[0][5] > 1 << 20
