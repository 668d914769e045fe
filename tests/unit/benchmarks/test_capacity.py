"""The model of a group: queues that fill, pauses, and the numbers of the plan."""

import pytest

from benchmarks.capacity import Costs, Pause, lags, rolling_restart, seconds_to_drain, workers_for

COSTS = Costs(events_per_s=1000, restored_per_s=5000, bytes_per_open_task=300)


@pytest.mark.parametrize(
    ("rate", "workers", "waiting"), [(900, 1, 0), (1500, 1, 5000), (1500, 2, 0), (3000, 2, 10_000)]
)
def test_what_workers_cannot_do_waits(rate: int, workers: int, waiting: int) -> None:
    assert lags(lambda _: rate, COSTS, 6, workers, 10)[-1] == pytest.approx(waiting, abs=1)


def test_more_workers_than_partitions_do_nothing() -> None:
    def load(_: float) -> float:
        return 2500

    assert lags(load, COSTS, 2, 8, 10)[-1] == pytest.approx(lags(load, COSTS, 2, 2, 10)[-1])


def test_a_pause_of_one_worker_holds_its_partitions_alone() -> None:
    one = lags(lambda _: 900, COSTS, 3, 3, 10, [Pause(0, 10, worker=0)])
    everybody = lags(lambda _: 900, COSTS, 3, 3, 10, [Pause(0, 10)])
    assert one[-1] == pytest.approx(everybody[-1] / 3)


def test_a_rollout_of_static_members_holds_less_than_of_dynamic_members() -> None:
    static, dynamic = (
        max(lags(lambda _: 1500, COSTS, 6, 3, 80, rolling_restart(3, 6.0, static=kind))) for kind in (True, False)
    )
    assert 0 < static < dynamic


def test_the_lag_after_a_pause_is_gone_after_what_arithmetic_says() -> None:
    history = lags(lambda _: 500, COSTS, 1, 1, 40, [Pause(0, 10)])
    assert seconds_to_drain(history, 10, limit=30) == pytest.approx(10, abs=0.5)
    assert seconds_to_drain(history[:250], 10, limit=30) is None


def test_the_plan_leaves_half_of_the_time_free() -> None:
    assert [workers_for(rate, COSTS) for rate in (1, 500, 501, 10_000)] == [1, 1, 2, 20]


def test_the_measured_costs_are_those_of_the_report() -> None:
    assert Costs.measured().events_per_s > Costs.measured().bytes_per_open_task > 0
