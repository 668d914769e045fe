"""Events that wait: in memory and on disk, in their order, within their bounds, and those of one topic alone."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tasker_producer.delivery.backlog import Backlog
from tasker_producer.delivery.returned import Returned
from tasker_producer.delivery.spool.settings import FullPolicy
from tests.support.producer.spooled import backlog, left_spool, new_spool, numbers, record

MAX_IN_MEMORY = 4_000


def test_a_full_spool_drops_the_oldest_and_counts_them(tmp_path: Path) -> None:
    waiting = backlog(tmp_path, max_bytes=2000)
    for number in range(100):
        waiting.add(record(number))
        waiting.store()
    kept = numbers(waiting.next_batch())
    assert kept == list(range(100 - len(kept), 100))
    assert waiting._drop_log.dropped()["spool_full"] == 100 - len(kept) > 0


@pytest.mark.parametrize("policy", [FullPolicy.DROP_NEWEST, FullPolicy.BLOCK])
def test_a_full_spool_keeps_the_oldest_under_the_other_policies(
    tmp_path: Path, policy: FullPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasker_producer.delivery.memory.MAX_IN_MEMORY", MAX_IN_MEMORY)
    waiting = backlog(tmp_path, max_bytes=2000, full=policy)
    for number in range(MAX_IN_MEMORY):
        waiting.add(record(number))
    assert not waiting.store()
    on_disk = waiting.on_disk
    assert on_disk > 0
    for number in range(on_disk + 20):
        waiting.add(record(-number))
    assert numbers(waiting.next_batch())[0] == 0
    assert sum(waiting._drop_log.dropped().values()) == 20


def test_a_disk_that_fails_leaves_events_waiting_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    waiting = backlog(tmp_path / "file")
    waiting.add(record(1))
    waiting.store()
    assert waiting.waiting == 1
    assert numbers(waiting.next_batch()) == [1]


def test_a_disk_that_fills_up_keeps_events_until_memory_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasker_producer.delivery.memory.MAX_IN_MEMORY", MAX_IN_MEMORY)
    waiting = backlog(tmp_path)
    waiting.add(record(0))
    assert waiting.store()
    assert waiting.disk is not None
    assert waiting.disk._own is not None
    waiting.disk._own._database.execute("PRAGMA max_page_count = 3")
    for number in range(MAX_IN_MEMORY + 5):
        waiting.add(record(number, size=500))
    assert not waiting.store()
    assert sum(waiting._drop_log.dropped().values()) == 5
    assert waiting.waiting == MAX_IN_MEMORY + 1


def test_events_in_memory_are_bounded_by_their_bytes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasker_producer.delivery.memory.MAX_BYTES_IN_MEMORY", 10_000)
    (tmp_path / "file").touch()
    waiting = backlog(tmp_path / "file")
    for number in range(100):
        waiting.add(record(number, size=1_000))
    assert waiting.waiting == 100 - sum(waiting._drop_log.dropped().values()) == 10


def test_what_was_not_delivered_of_a_batch_waits_on(tmp_path: Path) -> None:
    waiting = backlog(tmp_path)
    for number in range(5):
        waiting.add(record(number))
    assert waiting.store()
    batch = waiting.next_batch()
    assert batch is not None
    waiting.add(record(5))
    waiting.done(batch, undelivered={batch.entries[1][0], batch.entries[3][0]})
    assert waiting.active
    assert numbers(waiting.next_batch()) == [1, 3, 5]


@pytest.mark.parametrize("disk_fails", [False, True])
def test_what_was_given_back_waits_before_what_came_in_since(tmp_path: Path, disk_fails: bool) -> None:
    if disk_fails:
        (tmp_path / "events").touch()
    waiting = backlog(tmp_path / "events")
    waiting.add(record(3))
    waiting.give_back(Returned(record(0), 1))
    waiting.give_back(Returned(record(1), 2))
    assert waiting.waiting == 3
    waiting.done(None, unsent=[record(2)])
    assert waiting.waiting == 4
    assert [number for _ in range(2) for number in numbers(waiting.next_batch())][:4] == [0, 1, 2, 3]


def test_waiting_ends_only_when_everything_is_delivered(tmp_path: Path) -> None:
    waiting = backlog(tmp_path)
    waiting.add(record(1))
    assert waiting.store()
    batch = waiting.next_batch()
    assert (waiting.active, waiting.waiting) == (True, 1)
    waiting.done(batch)
    assert (waiting.active, waiting.waiting) == (False, 0)


def test_a_batch_that_was_not_delivered_is_still_there_after_a_crash(tmp_path: Path) -> None:
    waiting = backlog(tmp_path)
    waiting.add(record(1))
    assert waiting.store()
    waiting.next_batch()
    copy = tmp_path / "copy"
    copy.mkdir(mode=0o700)
    for name in ("events-0.sqlite", "events-0.sqlite-wal"):
        (copy / name).write_bytes((tmp_path / name).read_bytes())
    left = left_spool(copy)
    assert left is not None
    assert numbers(left.oldest(10)) == [1]


def test_what_waits_for_one_topic_does_not_hold_the_others(tmp_path: Path) -> None:
    waiting = backlog(tmp_path / "spool")
    waiting.paused.add("missing", 60.0)
    waiting.add(record(1, topic="missing"))
    assert waiting.holds("missing")
    assert not waiting.holds("topic")
    waiting.add(record(2))
    waiting.add(record(3, topic="missing"))
    batch = waiting.next_batch()
    assert numbers(batch) == [2]
    waiting.done(batch)
    assert (waiting.active, waiting.waiting) == (False, 2)


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_topic_that_is_well_again_gets_its_events_in_their_order(tmp_path: Path, on_disk: bool) -> None:
    waiting = backlog(tmp_path / "spool")
    waiting.paused.add("missing", 0.0)
    waiting.add(record(1, topic="missing"))
    if on_disk:
        assert waiting.store()
    waiting.add(record(2, topic="missing"))
    assert waiting.paused.due() == ["missing"]
    waiting.resume("missing")
    assert waiting.active
    assert numbers(waiting.next_batch()) == [1, 2]


def counts_at_every_line(waiting: Backlog, act: Callable[[], object]) -> set[int]:
    """Return how many events wait or are given up, as another thread can see it while the delivery's thread acts."""
    counts = set[int]()

    def look(_frame: FrameType, _event: str, _argument: object) -> Any:
        if not waiting._lock._is_owned():  # type: ignore[attr-defined]
            counts.add(waiting.waiting + sum(waiting._drop_log.dropped().values()))
        return look

    sys.settrace(look)
    try:
        act()
    finally:
        sys.settrace(None)
    return counts


@pytest.mark.parametrize("max_bytes", [1 << 20, 3_000])
@pytest.mark.parametrize("disk_fails", [False, True])
def test_events_on_their_way_to_disk_are_counted_once_at_every_moment(
    tmp_path: Path, disk_fails: bool, max_bytes: int
) -> None:
    if disk_fails:
        (tmp_path / "events").touch()
    waiting = backlog(tmp_path / "events", max_bytes=max_bytes)
    for number in range(300):
        waiting.give_back(Returned(record(number), number))
    assert counts_at_every_line(waiting, lambda: waiting.done(None)) == {300}
    for number in range(300):
        waiting.add(record(number))
    assert counts_at_every_line(waiting, waiting.store) == {600}
    assert counts_at_every_line(waiting, waiting.close) == {600}
    assert (waiting.waiting > 0) == (not disk_fails)


@pytest.mark.parametrize("disk_is_full", [False, True])
def test_what_came_back_goes_first_also_where_the_disk_takes_only_a_part_of_it(
    tmp_path: Path, disk_is_full: bool
) -> None:
    waiting = backlog(tmp_path / "spool", max_bytes=1 << 30)
    waiting.add(record(1_000))
    assert waiting.store()
    if disk_is_full:
        assert waiting.disk is not None
        assert waiting.disk._own is not None
        waiting.disk._own._database.execute("PRAGMA max_page_count = 20")
    waiting.done(None, unsent=[record(number, 100) for number in range(1_000)])
    waiting.done(None, unsent=[record(-1)])
    seen = []
    while (batch := waiting.next_batch()) is not None:
        seen += numbers(batch)
        waiting.done(batch)
    assert seen == [-1, *range(1_001)]


def test_memory_that_is_full_is_a_reason_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasker_producer.delivery.memory.MAX_IN_MEMORY", 10)
    waiting = backlog(tmp_path / "spool")
    for number in range(15):
        waiting.add(record(number))
    assert waiting._drop_log.dropped()["memory_full"] == 5


def test_files_of_dead_processes_take_turns_with_new_events_that_never_end(tmp_path: Path) -> None:
    for left in (100, 101):
        new_spool(tmp_path / "spool", left).close()
    waiting = backlog(tmp_path / "spool")
    waiting.add(record(0))
    seen = []
    for number in range(1, 5):
        batch = waiting.next_batch()
        seen.append(numbers(batch))
        waiting.add(record(number))
        waiting.done(batch)
        assert waiting.active
    assert seen == [[0], [100], [1, 2], [101]]
