"""Runs gather while their lane is busy, and no more of them than there is room for."""

import asyncio
from typing import Any

import pytest

from tasker_consumers.engine.flow.batching import MAX_WAITING, MAX_WAITING_BYTES, Batcher, FetchedRecords, Room
from tasker_consumers.engine.flow.partition_executor import PartitionExecutor


async def crash(error: BaseException) -> None:
    raise error


class Desk:
    """An batcher whose processing waits for a gate, and what it did."""

    def __init__(self, batch_size: int = 100, gather_seconds: float = 0.0) -> None:
        self.gate, self.jobs, self.acked, self.is_stale = asyncio.Event(), list[list[Any]](), list[Any](), False
        self.executor = PartitionExecutor(crash)
        self.batcher = Batcher(self.executor, self.process, batch_size, gather_seconds)

    async def process(self, partition: int, records: list[Any]) -> None:
        assert partition == 0
        self.jobs.append(records)
        await self.gate.wait()

    async def put(self, *records: int, more: bool = False, size: int = 0) -> None:
        async def ack() -> None:
            self.acked.append(records)

        await self.batcher.put(0, FetchedRecords(list(records), ack, lambda: self.is_stale, more, size))
        for _ in range(20):  # turns of the loop, not time: a busy machine must not change the order
            await asyncio.sleep(0)

    async def finish(self, jobs: int) -> None:
        self.gate.set()
        while len(self.jobs) < jobs or self.executor.busy:  # noqa: ASYNC110  the deadline is around the scenario
            await asyncio.sleep(0.001)


async def test_runs_that_come_while_the_lane_is_busy_are_processed_together() -> None:
    desk = Desk()
    for number in (1, 2, 3):
        await desk.put(number)
    assert desk.jobs == [[1]]
    await desk.finish(jobs=2)
    assert (desk.jobs, desk.acked) == ([[1], [2, 3]], [(1,), (2,), (3,)])


async def test_no_more_are_taken_together_than_a_run_may_hold() -> None:
    desk = Desk(batch_size=2)
    for records in ((1,), (2, 3), (4,), (5,)):
        await desk.put(*records)
    await desk.finish(jobs=3)
    assert desk.jobs == [[1], [2, 3], [4, 5]]


async def test_a_lane_with_a_backlog_waits_until_a_run_is_full() -> None:
    desk = Desk(batch_size=3)
    desk.gate.set()
    await desk.put(1, more=True)
    await desk.put(2, more=True)
    assert desk.jobs == []
    await desk.put(3, more=True)
    await desk.finish(jobs=1)
    assert desk.jobs == [[1, 2, 3]]


async def test_a_lane_at_the_end_of_a_backlog_waits_no_longer() -> None:
    desk = Desk(batch_size=3)
    desk.gate.set()
    await desk.put(1, more=True)
    await desk.put(2, more=False)
    await desk.finish(jobs=1)
    assert desk.jobs == [[1, 2]]


async def test_a_lane_does_not_wait_for_ever_for_a_backlog_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasker_consumers.engine.flow.batching._BACKLOG_S", 0.05)
    desk = Desk(batch_size=3)
    desk.gate.set()
    await desk.put(1, more=True)
    await desk.finish(jobs=1)
    assert desk.jobs == [[1]]


async def test_a_lane_that_is_closed_takes_what_it_has() -> None:
    desk = Desk(batch_size=3)
    desk.gate.set()
    await desk.put(1, more=True)
    desk.executor.stop_accepting()
    desk.batcher.stop_gathering()
    await desk.finish(jobs=1)
    assert desk.jobs == [[1]]


async def test_who_delivers_waits_while_there_is_no_room() -> None:
    desk = Desk()
    for number in range(MAX_WAITING):
        await desk.put(number)
    beyond = asyncio.ensure_future(desk.put(99))
    await asyncio.sleep(0.01)
    assert not beyond.done()
    desk.gate.set()
    await beyond
    await desk.finish(jobs=2)
    assert desk.acked[-1] == (99,)


async def test_who_delivers_waits_while_runs_hold_as_many_bytes_as_are_allowed() -> None:
    desk = Desk()
    await desk.put(1, size=MAX_WAITING_BYTES - 10)
    beyond = asyncio.ensure_future(desk.put(2, size=11))
    await asyncio.sleep(0.01)
    assert not beyond.done()
    desk.gate.set()
    await beyond
    await desk.finish(jobs=2)
    assert desk.acked == [(1,), (2,)]


@pytest.mark.parametrize("held", [1, 3, 11])
async def test_partitions_that_are_held_leave_room_for_the_others(held: int) -> None:
    room = Room()
    for number in range(held * MAX_WAITING):
        if number % held not in room.crowded:
            await room.take(number % held, 0)
    assert room.crowded == frozenset(range(held))
    for _ in range(MAX_WAITING // (held + 1)):
        assert not room.is_full
        await room.take(held, 0)
        room.give_back(held, 0)


async def test_a_partition_that_holds_as_many_bytes_as_are_left_is_crowded_until_they_are_free() -> None:
    room = Room()
    await room.take(0, MAX_WAITING_BYTES // 2)
    assert room.crowded == {0}
    await room.take(1, MAX_WAITING_BYTES // 4)
    assert room.crowded == {0, 1}
    room.give_back(0, MAX_WAITING_BYTES // 2)
    assert room.crowded == frozenset()


async def test_a_run_larger_than_all_room_is_taken_alone_and_no_lane_waits_for_more() -> None:
    desk = Desk(batch_size=100)
    desk.gate.set()
    await desk.put(1, more=True)
    await desk.put(2, more=True, size=MAX_WAITING_BYTES + 1)
    await desk.finish(jobs=1)
    assert desk.jobs[0] == [1]


async def test_what_a_seek_made_stale_is_not_processed() -> None:
    desk = Desk()
    desk.is_stale = True
    await desk.put(1)
    assert desk.jobs == []


async def test_what_is_cleared_is_neither_processed_nor_acked_and_makes_room() -> None:
    desk = Desk()
    for number in range(MAX_WAITING):
        await desk.put(number)
    await desk.executor.close(0.001)
    desk.batcher.clear()
    desk.executor.open()
    desk.gate.set()
    for number in range(MAX_WAITING):
        await desk.put(100 + number)
    await desk.finish(jobs=2)
    assert desk.acked == [(100 + number,) for number in range(MAX_WAITING)]


async def test_what_comes_while_the_lanes_are_closed_does_not_stop_what_comes_later() -> None:
    desk = Desk()
    await desk.executor.close(0)
    await desk.put(1)
    desk.executor.open()
    await desk.put(2)
    await desk.finish(jobs=1)
    assert desk.jobs == [[2]]


async def test_runs_that_come_shortly_after_one_another_are_processed_together_when_asked() -> None:
    desk = Desk(gather_seconds=0.5)
    desk.gate.set()
    for number in (1, 2, 3):
        await desk.put(number)
    assert desk.jobs == []
    await desk.finish(jobs=1)
    assert (desk.jobs, desk.acked) == ([[1, 2, 3]], [(1,), (2,), (3,)])


async def test_a_lane_with_a_full_run_does_not_wait_for_more() -> None:
    desk = Desk(batch_size=4, gather_seconds=3600)
    for records in ((1, 2), (3, 4), (5, 6), (7, 8)):
        await desk.put(*records)
    await desk.finish(jobs=2)
    assert desk.jobs == [[1, 2, 3, 4], [5, 6, 7, 8]]


async def test_a_lane_does_not_wait_for_what_there_is_no_room_for() -> None:
    desk = Desk(gather_seconds=3600)
    desk.gate.set()
    for number in range(MAX_WAITING):
        await desk.put(number)
    await desk.finish(jobs=1)
    assert [number for records in desk.jobs for number in records] == [*range(MAX_WAITING)]


async def test_a_lane_that_waits_for_more_ends_with_the_rest() -> None:
    desk = Desk(gather_seconds=3600)
    await desk.put(1)
    await desk.executor.close(0.001)
    assert (desk.executor.busy, desk.jobs, desk.acked) == (0, [], [])
