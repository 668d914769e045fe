"""The progress of restoring: the same numbers as text, as metrics and in the log."""

import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.engine.metrics import EngineMetrics
from tasker_consumers.engine.state.restoring import Progress


class Clock:
    """A clock that a test moves, in the place of the monotonic clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "tasker_consumers.engine.state.restoring")
    return caplog


def metric(metrics: EngineMetrics, name: str) -> float | None:
    return metrics.registry.get_sample_value(f"tasker_engine_{name}")


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_records_read_and_records_left_add_up_to_all_records(counts: list[int]) -> None:
    metrics = EngineMetrics()
    progress, left = Progress(metrics), sum(counts)
    for count in counts:
        left -= count
        progress.move(count, left)
        assert progress.text == f"restoring: {sum(counts) - left:,} of {sum(counts):,} changelog records"
        assert metric(metrics, "recovery_records_left") == left
    assert metric(metrics, "records_recovered_total") == sum(counts)


def test_the_log_has_a_line_every_few_seconds_and_not_for_every_batch(
    clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    progress = Progress(EngineMetrics())
    progress.begin()
    for batch in range(1, 13):
        clock.now += 1
        progress.move(100, 1200 - 100 * batch)
    assert log.messages == [
        "Restoring: 600 of 1,200 changelog records",
        "Restoring: 1,200 of 1,200 changelog records",
    ]


def test_the_end_tells_how_many_records_came_and_how_long_it_took(clock: Clock, log: pytest.LogCaptureFixture) -> None:
    metrics = EngineMetrics()
    progress = Progress(metrics)
    progress.begin()
    progress.move(2500, 7)
    clock.now += 2.5
    progress.end()
    assert log.messages == ["Restored: 2,500 changelog records in 2.5 s"]
    assert (metric(metrics, "recovery_records_left"), metric(metrics, "recovery_seconds")) == (0, 2.5)
    assert progress.text == "restoring: 2,500 of 2,500 changelog records"


def test_a_restoring_without_records_is_not_logged(log: pytest.LogCaptureFixture) -> None:
    progress = Progress(EngineMetrics())
    progress.begin()
    progress.end()
    assert log.messages == []


def test_a_second_restoring_begins_at_zero_while_the_metric_counts_on(clock: Clock) -> None:
    metrics = EngineMetrics()
    progress = Progress(metrics)
    progress.move(10, 0)
    clock.now += 100
    progress.begin()
    progress.move(1, 4)
    progress.end()
    assert progress.text == "restoring: 1 of 1 changelog records"
    assert (metric(metrics, "records_recovered_total"), metric(metrics, "recovery_seconds")) == (11, 0)
