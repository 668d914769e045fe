"""What waits on disk: its order, its bounds, its owner, and what a crash leaves of it."""

import sqlite3
import stat
from pathlib import Path

import pytest

from tasker_producer.delivery.backlog import MAX_IN_MEMORY, Backlog, FullPolicy, SpoolSettings
from tasker_producer.delivery.drops import DropLog
from tasker_producer.delivery.returned import Returned
from tasker_producer.delivery.spool import SpooledRecord, SpoolFile


def record(number: int, size: int = 10) -> SpooledRecord:
    return SpooledRecord("topic", b"key", f"{number}".encode().rjust(size), [("ce_type", b"order.paid"), ("a", b"1")])


def numbers(batch: list[tuple[int, SpooledRecord]]) -> list[int]:
    return [int(entry.value) for _, entry in batch]


def backlog(directory: Path, max_bytes: int = 1 << 20, full: FullPolicy = FullPolicy.DROP_OLDEST) -> Backlog:
    made = Backlog(SpoolSettings(directory, max_bytes, full, 0.01), DropLog())
    made.open()
    return made


def test_records_come_back_as_they_were_in_their_order(tmp_path: Path) -> None:
    spool = SpoolFile.open(tmp_path)
    spool.append([record(1), record(2)])
    assert spool.oldest(10) == [(1, record(1)), (2, record(2))]


def test_what_is_put_back_comes_before_all_others(tmp_path: Path) -> None:
    spool = SpoolFile.open(tmp_path)
    spool.append([record(3)])
    spool.put_back([record(1), record(2)])
    spool.put_back([record(0)])
    assert numbers(spool.oldest(10)) == [0, 1, 2, 3]


def test_what_a_dead_process_left_is_taken_over_with_its_counts(tmp_path: Path) -> None:
    spool = SpoolFile.open(tmp_path)
    spool.append([record(number) for number in range(5)])
    size = spool.size
    spool.close()
    again = SpoolFile.open(tmp_path)
    assert (again.count, again.size) == (5, size)


def test_a_file_in_use_is_left_to_its_owner(tmp_path: Path) -> None:
    first = SpoolFile.open(tmp_path)
    first.append([record(1)])
    assert SpoolFile.open(tmp_path).count == 0


def test_one_process_takes_over_what_several_dead_ones_left(tmp_path: Path) -> None:
    dead = [SpoolFile.open(tmp_path) for _ in range(3)]
    for number, spool in enumerate(dead):
        spool.append([record(2 * number), record(2 * number + 1)])
    for spool in dead:
        spool.close()
    heir = SpoolFile.open(tmp_path)
    heir.adopt(tmp_path, 1 << 20)
    assert numbers(heir.oldest(10)) == [0, 1, 2, 3, 4, 5]
    assert SpoolFile.open(tmp_path).count == 0


def test_nobody_else_may_read_what_waits(tmp_path: Path) -> None:
    directory = tmp_path / "spool"
    spool = SpoolFile.open(directory)
    spool.append([record(1)])
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()} == {0o600}


def test_a_torn_tail_loses_only_what_was_not_committed(tmp_path: Path) -> None:
    spool = SpoolFile.open(tmp_path)
    spool.append([record(1)])
    log = tmp_path / "events-0.sqlite-wal"
    committed = log.stat().st_size
    spool.append([record(2)])
    torn = log.read_bytes()[: committed + 100]
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "events-0.sqlite").write_bytes((tmp_path / "events-0.sqlite").read_bytes())
    (copy / "events-0.sqlite-wal").write_bytes(torn)
    assert numbers(SpoolFile.open(copy).oldest(10)) == [1]


def test_a_damaged_file_is_put_aside_and_work_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "events-0.sqlite").write_bytes(b"no database at all" * 1000)
    spool = SpoolFile.open(tmp_path)
    spool.append([record(1)])
    assert "put aside" in caplog.text
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1


def test_a_full_spool_drops_the_oldest_and_counts_them(tmp_path: Path) -> None:
    waiting = backlog(tmp_path, max_bytes=2000)
    for number in range(100):
        waiting.add(record(number))
        waiting.store()
    kept = numbers(waiting.next_batch())
    assert kept == list(range(100 - len(kept), 100))
    assert waiting._drop_log.dropped()["spool_full"] == 100 - len(kept) > 0


@pytest.mark.parametrize("policy", [FullPolicy.DROP_NEWEST, FullPolicy.BLOCK])
def test_a_full_spool_keeps_the_oldest_under_the_other_policies(tmp_path: Path, policy: FullPolicy) -> None:
    waiting = backlog(tmp_path, max_bytes=2000, full=policy)
    for number in range(MAX_IN_MEMORY + 20):
        waiting.add(record(number))
    waiting.store()
    on_disk = waiting.waiting - len(waiting._memory)
    assert on_disk > 0
    waiting.add(record(-1))
    assert numbers(waiting.next_batch())[0] == 0
    assert waiting._drop_log.dropped()["spool_full"] == 20


def test_a_disk_that_fails_leaves_events_waiting_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    waiting = backlog(tmp_path / "file")
    waiting.add(record(1))
    waiting.store()
    assert waiting.waiting == 1
    assert numbers(waiting.next_batch()) == [1]


def test_a_disk_that_fills_up_keeps_events_until_memory_is_full(tmp_path: Path) -> None:
    waiting = backlog(tmp_path)
    assert waiting._spool is not None
    waiting._spool._database.execute("PRAGMA max_page_count = 3")
    for number in range(MAX_IN_MEMORY + 5):
        waiting.add(record(number, size=500))
    waiting.store()
    dropped = waiting._drop_log.dropped()["spool_full"]
    assert dropped == 5
    assert waiting.waiting == MAX_IN_MEMORY


def test_events_in_memory_are_bounded_by_their_bytes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasker_producer.delivery.backlog.MAX_BYTES_IN_MEMORY", 10_000)
    (tmp_path / "file").touch()
    waiting = backlog(tmp_path / "file")
    for number in range(100):
        waiting.add(record(number, size=1_000))
    assert waiting.waiting == 100 - waiting._drop_log.dropped()["spool_full"] == 10


def test_a_disk_that_refuses_to_delete_does_not_give_an_event_twice(tmp_path: Path) -> None:
    spool = SpoolFile.open(tmp_path)
    spool.append([record(number) for number in range(4)])
    other = sqlite3.connect(tmp_path / "events-0.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError):
        spool.remove(spool.oldest(2))
    other.close()
    spool.put_back([record(1)])
    assert numbers(spool.oldest(10)) == [1, 2, 3]


def test_ids_begin_anew_once_everything_is_forgotten(tmp_path: Path) -> None:
    spool = SpoolFile.open(tmp_path)
    for number in range(3):
        spool.append([record(number), record(number)])
        spool.remove(spool.oldest(2))
    spool.put_back([record(7)])
    spool.append([record(8)])
    assert numbers(spool.oldest(10)) == [7, 8]


def test_records_among_others_are_forgotten_with_their_size(tmp_path: Path) -> None:
    spool = SpoolFile.open(tmp_path)
    spool.append([record(number) for number in range(4)])
    spool.remove_some([entry for entry in spool.oldest(10) if entry[0] != 2])
    assert (numbers(spool.oldest(10)), spool.count, spool.size) == ([1], 1, record(1).size)
    spool.put_back([record(0)])
    assert numbers(spool.oldest(10)) == [0, 1]


def test_what_was_not_delivered_of_a_batch_waits_on(tmp_path: Path) -> None:
    waiting = backlog(tmp_path)
    for number in range(5):
        waiting.add(record(number))
    batch = waiting.next_batch()
    waiting.add(record(5))
    waiting.done(batch, kept={batch[1][0], batch[3][0]})
    assert waiting.active
    assert numbers(waiting.next_batch()) == [1, 3, 5]


@pytest.mark.parametrize("disk_fails", [False, True])
def test_what_was_given_back_waits_before_what_came_in_since(tmp_path: Path, disk_fails: bool) -> None:
    if disk_fails:
        (tmp_path / "events").touch()
    waiting = backlog(tmp_path / "events")
    waiting.add(record(3))
    waiting.give_back(Returned(record(0), 0, 1.0, 1))
    waiting.give_back(Returned(record(1), 0, 2.0, 1))
    assert waiting.waiting == 3
    waiting.done([], unsent=[record(2)])
    assert waiting.waiting == 4
    assert [number for _ in range(2) for number in numbers(waiting.next_batch())][:4] == [0, 1, 2, 3]


def test_waiting_ends_only_when_everything_is_delivered(tmp_path: Path) -> None:
    waiting = backlog(tmp_path)
    waiting.add(record(1))
    batch = waiting.next_batch()
    assert not waiting.wait_until_empty(0)
    waiting.done(batch)
    assert waiting.wait_until_empty(0)
    assert not waiting.active


def test_a_batch_that_was_not_delivered_is_still_there_after_a_crash(tmp_path: Path) -> None:
    waiting = backlog(tmp_path)
    waiting.add(record(1))
    waiting.next_batch()
    with sqlite3.connect(tmp_path / "events-0.sqlite") as other:
        assert other.execute("SELECT count(*) FROM records").fetchone() == (1,)
    other.close()
