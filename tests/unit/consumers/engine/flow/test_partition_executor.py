"""Turns by partition, and what closing does to them."""

import asyncio

import pytest

from tasker_consumers.engine.flow.partition_executor import PartitionExecutor, uninterrupted


class Crashes(list[BaseException]):
    """Collects what crashed."""

    async def __call__(self, error: BaseException) -> None:
        self.append(error)


async def test_jobs_of_one_partition_take_turns_and_others_go_on() -> None:
    executor, gate, done = PartitionExecutor(Crashes()), asyncio.Event(), list[str]()

    async def slow() -> None:
        await gate.wait()
        done.append("slow")

    async def quick() -> None:
        done.append("quick")

    await executor.start(0, slow)
    waiting = asyncio.ensure_future(executor.start(0, quick))
    other = await executor.start(1, quick)
    assert other is not None
    await other
    assert (done, waiting.done()) == (["quick"], False)
    gate.set()
    second = await waiting
    assert second is not None
    await second
    assert done == ["quick", "slow", "quick"]


async def test_closing_waits_for_jobs_that_end_in_time_and_cancels_the_others() -> None:
    executor, ended = PartitionExecutor(Crashes()), list[str]()

    async def job(seconds: float) -> None:
        await asyncio.sleep(seconds)
        ended.append("in time")

    await executor.start(0, lambda: job(0.01))
    await executor.start(1, lambda: job(1000))
    await executor.close(0.5)
    assert (ended, executor.busy) == (["in time"], 0)


async def test_closed_lanes_take_nothing_also_from_those_who_waited() -> None:
    executor = PartitionExecutor(Crashes())
    await executor.start(0, lambda: asyncio.sleep(1000))
    waiting = asyncio.ensure_future(executor.start(0, lambda: asyncio.sleep(0)))
    await asyncio.sleep(0)
    await executor.close(0.01)
    assert await waiting is None
    assert await executor.start(1, lambda: asyncio.sleep(0)) is None
    executor.open()
    assert await executor.start(0, lambda: asyncio.sleep(0)) is not None


async def test_a_job_that_raises_crashes_once_and_ends_the_taking_of_jobs() -> None:
    crashes = Crashes()
    executor = PartitionExecutor(crashes)

    async def job() -> None:
        raise ArithmeticError

    tasks = [await executor.start(partition, job) for partition in (0, 1)]
    await asyncio.wait([task for task in tasks if task])
    assert [type(error) for error in crashes] == [ArithmeticError]
    assert await executor.start(0, job) is None


async def test_a_job_that_fails_while_lanes_are_closed_says_why_its_batch_goes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    crashes, gate = Crashes(), asyncio.Event()
    executor = PartitionExecutor(crashes)

    async def job() -> None:
        await gate.wait()
        raise ArithmeticError("half of it")

    await executor.start(3, job)
    closing = asyncio.ensure_future(executor.close(60))
    await asyncio.sleep(0)
    gate.set()
    await closing
    assert (caplog.messages, crashes) == (["Partition 3 let its batch go: ArithmeticError: half of it"], [])


async def test_uninterrupted_work_ends_before_its_canceller_goes_on() -> None:
    async def scenario() -> None:
        done = list[str]()

        async def work() -> str:
            await asyncio.sleep(0.02)
            done.append("work")
            return "result"

        task = asyncio.ensure_future(uninterrupted(work()))
        for _ in range(2):  # by a rebalance, and by the stop of the worker
            await asyncio.sleep(0)
            task.cancel()
        assert await task == "result"
        assert done == ["work"]

    await scenario()


async def test_uninterrupted_work_that_fails_tells_its_own_error() -> None:
    async def work() -> None:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        await uninterrupted(work())
