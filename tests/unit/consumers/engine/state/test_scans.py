"""Scans through stored states: complete, one at a time, and over when the partitions go."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from tasker_consumers.engine.processor import PART
from tasker_consumers.engine.state import scans as module
from tasker_consumers.engine.state.memory_store import MemoryStore
from tasker_consumers.engine.state.rocks_store import RocksStore
from tasker_consumers.engine.state.scans import Scans, StoredLocalStates
from tasker_consumers.engine.state.store import StateStore
from tasker_schemas.errors import BackendUnavailable


@pytest.fixture(params=["memory", "rocksdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> StateStore:
    store: StateStore = MemoryStore() if request.param == "memory" else RocksStore(tmp_path)
    for partition in range(3):
        keys = [b"%d-%03d" % (partition, number) for number in range(100)]
        store.write(partition, {key: key for key in keys} | {keys[0] + PART + b"1": b"part"})
    return store


@pytest.fixture(autouse=True)
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give others their turn after every state."""
    monkeypatch.setattr(module, "SLICE_SECONDS", -1.0)


async def keys_of(scans: Scans, *partitions: int) -> list[bytes]:
    async with aclosing(StoredLocalStates(partitions, scans).states()) as states:
        return [key async for key, read in states if read(key) == key]


async def test_a_walk_finds_each_state_of_its_partitions_once(store: StateStore) -> None:
    found = await keys_of(Scans(store), 0, 2)
    assert sorted(found) == [b"%d-%03d" % (partition, number) for partition in (0, 2) for number in range(100)]


async def test_a_walk_ends_when_its_partitions_go_and_holds_nothing_back(store: StateStore) -> None:
    async def interrupted() -> list[bytes]:
        scans = Scans(store)
        walk = asyncio.create_task(keys_of(scans, 0, 1))
        waiting = asyncio.create_task(keys_of(scans, 2))
        for _ in range(10):
            await asyncio.sleep(0)
        scans.close()
        store.release(0)
        refused = await asyncio.gather(walk, waiting, return_exceptions=True)
        assert [type(one) for one in refused] == [BackendUnavailable] * 2
        store.write(0, {b"again": b"again"})  # RocksDB's lock is free
        return await keys_of(scans, 0)

    assert b"again" in await interrupted()


async def test_a_walk_of_another_kind_ends_in_the_same_way(store: StateStore) -> None:
    scans = Scans(store)
    async with aclosing(scans.iterate(lambda: store.scan(1, b"1-"))) as entries:
        assert await anext(entries) == (b"1-000", b"1-000")
        scans.close()
        store.release(1)
        with pytest.raises(BackendUnavailable):
            await anext(entries)
    store.write(1, {b"again": b"again"})


async def test_walks_take_turns_and_others_go_on_meanwhile(store: StateStore) -> None:
    scans, turns = Scans(store), 0
    first, second = asyncio.create_task(keys_of(scans, 0)), asyncio.create_task(keys_of(scans, 1))
    while not first.done():
        assert not second.done()
        await asyncio.sleep(0)
        turns += 1
    assert len(await first) == len(await second) == 100
    assert turns >= 100
