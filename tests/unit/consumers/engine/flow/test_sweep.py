"""Stored states are revisited in turns, each in its partition's lane."""

import asyncio
from collections.abc import Iterable

from tasker_consumers.engine.flow.partition_executor import PartitionExecutor
from tasker_consumers.engine.flow.sweep import SHARE, STATES_PER_JOB, sweep


async def crash(error: BaseException) -> None:
    raise error


async def test_all_states_are_revisited_a_few_at_a_time() -> None:
    turns = list[int]()

    async def revisit(partition: int, keys: Iterable[bytes], now_us: int) -> float:
        assert (partition, now_us > 1_700_000_000_000_000) == (3, True)
        turns.append(len(list(keys)))
        return 0.0

    keys = [b"%d" % n for n in range(STATES_PER_JOB + 5)]
    await sweep(3, executor=PartitionExecutor(crash), heads=lambda _: iter(keys), revisit=revisit)
    assert turns == [STATES_PER_JOB, 5, 0]


async def test_between_two_turns_a_sweep_leaves_the_worker_to_others() -> None:
    executor, begun = PartitionExecutor(crash), asyncio.get_running_loop().time()

    async def revisit(_partition: int, _keys: Iterable[bytes], _now: int) -> float:
        return 0.01

    await sweep(0, executor=executor, heads=lambda _: iter([b"k"] * STATES_PER_JOB), revisit=revisit)
    assert asyncio.get_running_loop().time() - begun >= 2 * 0.01 * (1 / SHARE - 1)


async def test_a_sweep_that_rests_lets_its_walk_go_when_the_lanes_are_closed() -> None:
    executor, asked = PartitionExecutor(crash), asyncio.Event()

    async def revisit(_partition: int, _keys: Iterable[bytes], _now: int) -> float:
        asked.set()
        return 1000.0

    walk = asyncio.ensure_future(sweep(0, executor=executor, heads=lambda _: iter([b"k"] * 10_000), revisit=revisit))
    await asked.wait()
    await executor.close(1.0)
    await asyncio.wait_for(walk, 5)


async def test_a_sweep_ends_when_the_lanes_are_closed() -> None:
    executor, turns, begun = PartitionExecutor(crash), 0, asyncio.Event()

    async def revisit(_partition: int, _keys: Iterable[bytes], _now: int) -> float:
        nonlocal turns
        turns += 1
        begun.set()
        await asyncio.sleep(1000)
        return 0.0

    walk = asyncio.ensure_future(sweep(0, executor=executor, heads=lambda _: iter([b"k"] * 10_000), revisit=revisit))
    await begun.wait()
    await executor.close(0.01)
    await asyncio.wait_for(walk, 5)
    assert turns == 1
