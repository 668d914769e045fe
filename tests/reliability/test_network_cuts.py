"""A worker behind a network that fails: what it sends late changes nothing that its successor knows."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tasker_consumers.stats.core.fold import recompute
from tests.support.engine.arena import Arena, wait_until
from tests.support.kafka.network_proxy import TO_BROKER, TO_CLIENT, NetworkProxy, ProxiedKafka
from tests.support.processes import eventually
from tests.support.scale import SCALE
from tests.support.stats.arena import StatsArena
from tests.support.stats.histories import Event, long_tasks

pytestmark = pytest.mark.reliability
TASKS, STEPS = 400 * SCALE, 60
SLOWLY: dict[str, Any] = {"batch_size": 100, "processor": {"slow": 0.3}}
RECORDS, KEYS = 6_000 * SCALE, 600 * SCALE


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[ProxiedKafka]:
    with ProxiedKafka(data_dir=tmp_path / "kafka") as broker:
        yield broker


@pytest.fixture
def proxy(broker: ProxiedKafka) -> Iterator[NetworkProxy]:
    with broker.proxy() as proxy:
        yield proxy


@pytest.fixture
def arena(broker: ProxiedKafka, topic_prefix: str, tmp_path: Path) -> Arena:
    arena = Arena(broker.bootstrap_servers, topic_prefix, tmp_path)
    arena.create_topics()
    return arena


@pytest.fixture
def behind(proxy: NetworkProxy) -> dict[str, Any]:
    """Return the settings of a worker behind the network, of which batches are small."""
    return {"kafka": {"bootstrap.servers": proxy.address}, **SLOWLY}


def check_stores(arena: StatsArena, events: list[Event]) -> None:
    """Have every task's state read, and what it says emitted, by sending its first event again."""
    emitted = arena.emitted()
    arena.produce(events[:TASKS])
    assert eventually(lambda: arena.emitted() >= emitted + TASKS), "not every task was emitted again"
    assert arena.stats() == recompute(events)


def test_facts_that_a_cut_worker_sends_late_change_no_statistic(
    broker: ProxiedKafka, proxy: NetworkProxy, topic_prefix: str, tmp_path: Path
) -> None:
    arena = StatsArena(broker.bootstrap_servers, topic_prefix, tmp_path)
    events = long_tasks(TASKS, STEPS)
    half = len(events) // 2
    arena.produce(events[:half])
    large: dict[str, Any] = {"batch_size": 4000}
    with arena.worker("cut", kafka={"bootstrap.servers": proxy.address}, **large) as cut:
        assert eventually(lambda: arena.emitted() > 0)
        arena.produce(events[half:])  # it is at work on these
        proxy.cut()
        with arena.worker("heir", **large) as heir:
            heir.wait_ready()  # when the group has given the other one up
            arena.wait_for(recompute(events), 120)
            proxy.mend()
            cut.wait_ready(times=2)
            heir.wait_ready(times=2)
            check_stores(arena, events)
            assert (heir.terminate(), cut.terminate()) == (0, 0)
    with arena.worker("fresh", state_dir=str(tmp_path / "fresh")):
        check_stores(arena, events)


def test_two_cuts_in_a_row_change_nothing(arena: Arena, proxy: NetworkProxy, behind: dict[str, Any]) -> None:
    arena.produce(RECORDS, KEYS)
    with arena.worker("cut", **behind) as cut:
        arena.wait_committed(0.1)
        proxy.cut()
        with arena.worker("heir", batch_size=100) as heir:
            arena.wait_committed(0.5)
            proxy.mend()
            cut.wait_ready(times=2)
            arena.produce(RECORDS // 2, KEYS, seed=8)
            proxy.cut()
            arena.wait_committed()
            proxy.mend()
            cut.wait_ready(times=3)
            assert (heir.terminate(), cut.terminate()) == (0, 0)
    assert arena.differences() == {}


@pytest.mark.parametrize("direction", [TO_BROKER, TO_CLIENT])
def test_a_cut_in_one_direction_changes_nothing(
    arena: Arena, proxy: NetworkProxy, behind: dict[str, Any], direction: str
) -> None:
    arena.produce(RECORDS, KEYS)
    with arena.worker("cut", **behind) as cut:
        arena.wait_committed(0.1)
        proxy.cut(direction)
        with arena.worker("heir", batch_size=100) as heir:
            arena.wait_committed()
            proxy.mend()
            cut.wait_ready(times=2)
            assert (heir.terminate(), cut.terminate()) == (0, 0)
    assert arena.differences() == {}


def test_a_cut_while_states_are_restored_changes_nothing(
    arena: Arena, proxy: NetworkProxy, behind: dict[str, Any]
) -> None:
    arena.produce(RECORDS, KEYS)
    with arena.worker("before") as before:
        arena.wait_committed()
        assert before.terminate() == 0
    arena.produce(RECORDS, KEYS, seed=8)
    with arena.worker("cut", store="memory", **behind) as cut:
        wait_until(lambda: cut.said("Restoring state from changelog topics") > 0, "it restores")
        proxy.cut()
        with arena.worker("heir", batch_size=100) as heir:
            arena.wait_committed()
            proxy.mend()
            assert heir.terminate() == 0
            arena.produce(100, KEYS, seed=9)
            arena.wait_committed()
            assert cut.terminate() in (0, 1), "it may have given up"
    assert arena.differences() == {}


def test_a_cut_in_a_rebalance_changes_nothing(arena: Arena, proxy: NetworkProxy, behind: dict[str, Any]) -> None:
    arena.produce(RECORDS, KEYS)
    with arena.worker("cut", **behind) as cut:
        arena.wait_committed(0.1)
        proxy.delay(0.3)
        with arena.worker("heir", batch_size=100) as heir:
            wait_until(lambda: cut.said("because it is rebalancing") > 0, "the rebalance begins")
            proxy.cut()
            arena.wait_committed()
            proxy.mend()
            cut.wait_ready(times=2)
            assert (heir.terminate(), cut.terminate()) == (0, 0)
    assert arena.differences() == {}


def test_slow_and_half_closed_connections_change_nothing(
    arena: Arena, proxy: NetworkProxy, behind: dict[str, Any]
) -> None:
    random = Random(5)
    arena.produce(RECORDS, KEYS)
    with arena.worker("slow", **behind) as slow, arena.worker("heir", **SLOWLY) as heir:
        slow.wait_ready()
        heir.wait_ready()
        for share in (0.2, 0.4, 0.6, 0.8):
            proxy.delay(random.random() / 5)
            arena.wait_committed(share, 90)
            proxy.half_close()
        proxy.mend()
        arena.wait_committed()
        assert (heir.terminate(), slow.terminate()) == (0, 0)
    assert arena.differences() == {}
