"""An index beside the states: made anew when they were restored, and only then."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tasker_consumers.engine.processor import INDEX, Effects, Entries, States
from tasker_consumers.engine.state.index import MOST_FOLLOWED, Indexing
from tasker_consumers.engine.state.rocks_store import open_store
from tasker_consumers.engine.state.store import INDEX_VERSION, StateStore

COUNT = INDEX + b"count"


@dataclass
class Counter:
    """An index that says how many states there are; `told` is what the engine told it."""

    version: bytes = b"1"
    emit_seconds: float = 0.001
    told: list[str] = field(default_factory=list)

    async def rebuild(self, states: States) -> AsyncIterator[Entries]:
        await asyncio.sleep(0)
        yield {COUNT: b"%d" % len(list(states.heads()))}

    def follow(self, states: States, items: Entries) -> Entries:
        return {COUNT: b"%d and %d more" % (int(states.read(COUNT) or b""), len(items))}

    def held(self, states: States) -> None:
        self.told.append(f"held {states.partition}: {(states.read(COUNT) or b'').decode()}")

    def released(self, partition: int) -> None:
        self.told.append(f"released {partition}")

    async def emit(self, states: States) -> Effects:
        return Effects(outputs={"t": {b"k": b"%d" % states.partition}})


@pytest.fixture(params=["memory", "rocksdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> StateStore:
    return open_store(request.param, tmp_path)


async def test_an_index_is_made_of_the_states_that_were_restored(store: StateStore) -> None:
    index = Counter()
    store.write(3, {b"a": b"1", b"a\x00part": b"2", b"b": b"3", INDEX + b"left over": b"4"})
    await Indexing(index, store).take([3])
    assert index.told == ["held 3: 2"]
    assert [key for key, _ in store.scan(3, INDEX)] == [COUNT]


async def test_an_index_that_is_right_stays_as_it_is(store: StateStore) -> None:
    await Indexing(Counter(), store).take([3])
    store.write(3, {b"a": b"1", COUNT: b"77"})
    index = Counter()
    await Indexing(index, store).take([3])
    assert index.told == ["held 3: 77"]


async def test_another_version_of_the_application_makes_its_own_index(store: StateStore) -> None:
    await Indexing(Counter(), store).take([3])
    store.write(3, {b"a": b"1"})
    index = Counter(version=b"2")
    await Indexing(index, store).take([3])
    assert index.told == ["held 3: 1"]


async def test_a_partition_that_was_restored_while_it_was_held_is_handed_over_again(store: StateStore) -> None:
    index = Counter()
    indexing = Indexing(index, store)
    await indexing.take([3])
    store.write(3, {b"a": b"1", **indexing.follow(3, {b"a": b"1"})})
    await indexing.take([3, 4])
    indexing.release_all()
    assert index.told == ["held 3: 0", "released 3", "held 3: 0 and 1 more", "held 4: 0", "released 3", "released 4"]


async def test_an_index_is_made_anew_when_very_much_comes_back(store: StateStore) -> None:
    index = Counter()
    indexing = Indexing(index, store)
    await indexing.take([3])
    many = {b"%d" % n: b"1" for n in range(MOST_FOLLOWED + 1)}
    store.write(3, {**many, **indexing.follow(3, many)})
    await indexing.take([3])
    assert index.told == ["held 3: 0", "released 3", f"held 3: {MOST_FOLLOWED + 1}"]


@dataclass
class Large(Counter):
    """An index of very many entries."""

    async def rebuild(self, states: States) -> AsyncIterator[Entries]:  # noqa: ARG002  it does not look at them
        yield {INDEX + b"%05d" % number: b"1" for number in range(5_000)}


async def test_a_large_index_is_written_with_turns_for_others_and_made_anew_when_that_broke_off(
    store: StateStore,
) -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    await Indexing(Large(), store).take([3])
    counting.cancel()
    assert turns >= 5
    assert len(list(store.scan(3, INDEX))) == 5_000
    interrupted = asyncio.create_task(Indexing(Large(version=b"2"), store).take([3]))
    while store.reader(3)(INDEX_VERSION) is not None:  # noqa: ASYNC110  it is written in a later turn
        await asyncio.sleep(0)
    interrupted.cancel()
    index = Counter()
    await Indexing(index, store).take([3])
    assert [key for key, _ in store.scan(3, INDEX)] == [COUNT]
