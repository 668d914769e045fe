"""Stored states are revisited in turns, each in its partition's lane."""

import asyncio
from collections.abc import Iterable

from tasker_consumers.engine.lanes import Lanes
from tasker_consumers.engine.sweep import TURN, sweep


async def crash(error: BaseException) -> None:
    raise error


def test_all_states_are_revisited_a_few_at_a_time() -> None:
    turns = list[int]()

    async def revisit(partition: int, keys: Iterable[bytes], now: int) -> float:
        assert (partition, now > 1_700_000_000_000_000) == (3, True)
        turns.append(len(list(keys)))
        return 0.0

    keys = [b"%d" % n for n in range(TURN + 5)]
    asyncio.run(sweep(3, lanes=Lanes(crash), heads=lambda _: iter(keys), revisit=revisit))
    assert turns == [TURN, 5, 0]


def test_a_sweep_ends_when_the_lanes_are_closed() -> None:
    async def scenario() -> int:
        lanes, turns, begun = Lanes(crash), 0, asyncio.Event()

        async def revisit(_partition: int, _keys: Iterable[bytes], _now: int) -> float:
            nonlocal turns
            turns += 1
            begun.set()
            await asyncio.sleep(1000)
            return 0.0

        walk = asyncio.ensure_future(sweep(0, lanes=lanes, heads=lambda _: iter([b"k"] * 10_000), revisit=revisit))
        await begun.wait()
        await lanes.close(0.01)
        await asyncio.wait_for(walk, 5)
        return turns

    assert asyncio.run(scenario()) == 1
