"""States that asked to be looked at again are, in their lane and at their time."""

import asyncio
import time
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.engine.flow.partition_executor import PartitionExecutor
from tasker_consumers.engine.flow.timers import Timers, fire_timers_forever


@given(st.lists(st.tuples(st.integers(0, 2), st.binary(max_size=1), st.integers(0, 9))), st.integers(0, 9))
def test_each_key_rings_once_at_the_last_time_that_was_set(told: list[tuple[int, bytes, int]], now: int) -> None:
    timers, last = Timers(), dict[tuple[int, bytes], int]()
    for partition, key, at in told:
        timers.set(partition, {key: at})
        last[partition, key] = at
    due = {(partition, key) for partition, keys in timers.pop_due(now).items() for key in keys}
    assert due == {place for place, at in last.items() if at <= now}
    assert {(n, key) for n, keys in timers.pop_due(10).items() for key in keys} == last.keys() - due


def test_states_are_asked_when_their_time_has_come_and_those_of_others_are_not() -> None:
    async def scenario() -> tuple[int, list[bytes]]:
        timers, asked = Timers(), asyncio.get_running_loop().create_future()

        async def crash(error: BaseException) -> None:
            raise error

        async def revisit(partition: int, keys: Iterable[bytes], now: int) -> None:
            assert now >= at
            asked.set_result((partition, list(keys)))

        at = time.time_ns() // 1000 + 50_000
        timers.set(1, {b"foreign": at - 1000})
        timers.set(3, {b"mine": at})
        waking = asyncio.ensure_future(
            fire_timers_forever(timers, partitions=lambda: {3}, executor=PartitionExecutor(crash), revisit=revisit)
        )
        found: tuple[int, list[bytes]] = await asyncio.wait_for(asked, 10)
        waking.cancel()
        return found

    assert asyncio.run(scenario()) == (3, [b"mine"])
