"""Watching a task: the last frame is the final state, and silence is told."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.stats.reading.sources import LatestStats, Stats
from tasker_consumers.stats.reading.watch import GRACE_S, Watch, missing_steps
from tests.support.stats.histories import order_processing


@dataclass
class ListedSource:
    """A source that returns one list of changes after the other."""

    batches: list[list[Stats]]
    silent_for: float = 0.0
    name: str = "Kafka"
    unreadable: int = 0
    waits: list[float] = field(default_factory=list)

    def backlog(self) -> Iterator[Stats]:
        """See `StatsSource`."""
        yield from ()

    def changes(self, wait_s: float) -> list[Stats]:
        """See `StatsSource`."""
        self.waits.append(wait_s)
        return self.batches.pop(0) if self.batches else []

    def silence_s(self) -> float:
        """See `StatsSource`."""
        return self.silent_for

    def windows(self, kind: str, name: str, length_s: int) -> list[Stats]:
        """See `StatsSource`."""
        raise AssertionError((kind, name, length_s))


@dataclass
class Seconds:
    """A monotonic clock that is set by hand."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def stats_of(*events: dict[str, Any]) -> Stats:
    return recompute(events)["42"]


def test_a_complete_task_is_final_when_all_its_steps_have_ended() -> None:
    whole = order_processing()
    source = ListedSource([[stats_of(*whole[:-3], whole[-1])], [stats_of(*whole)]])
    watch = Watch(LatestStats(), "42", monotonic=Seconds())
    watch.poll(source, 0.1)
    assert not watch.is_over()
    watch.poll(source, 0.1)
    assert watch.is_over()


def test_steps_that_never_come_are_told_after_a_grace() -> None:
    whole, clock = order_processing(), Seconds()
    stats = stats_of(*whole[:-3], whole[-1])
    watch = Watch(LatestStats(), "42", monotonic=clock)
    watch.poll(ListedSource([[stats]]), 0.1)
    clock.now = GRACE_S - 1
    assert not watch.is_over()
    clock.now = GRACE_S + 1
    assert watch.is_over()
    assert missing_steps(stats) == "1 step not heard of"


def test_a_change_begins_the_grace_anew() -> None:
    whole, clock = order_processing(), Seconds()
    source = ListedSource([[stats_of(*whole[:-8], whole[-1])], [stats_of(*whole[:-3], whole[-1])]])
    watch = Watch(LatestStats(), "42", monotonic=clock)
    watch.poll(source, 0.1)
    clock.now = GRACE_S - 1
    watch.poll(source, 0.1)
    clock.now = GRACE_S + 1
    assert not watch.is_over()


def test_a_task_that_goes_on_and_a_name_are_never_over() -> None:
    latest, clock = LatestStats(), Seconds()
    latest.learn(stats_of(*order_processing()[:5]))
    clock.now = 10**6
    assert not Watch(latest, "42", monotonic=clock).is_over()
    assert not Watch(latest, None, monotonic=clock).is_over()


@pytest.mark.parametrize(
    ("silent_for", "known", "notice"),
    [
        (12.4, True, "no answer from Kafka for 12 s"),
        (3.0, True, None),
        (3.0, False, "waiting for 42…"),
        (12.4, False, "no answer from Kafka for 12 s"),
    ],
)
def test_a_notice_says_why_nothing_moves(silent_for: float, known: bool, notice: str | None) -> None:
    latest = LatestStats()
    if known:
        latest.learn(stats_of(*order_processing()[:5]))
    assert Watch(latest, "42").notice(ListedSource([], silent_for)) == notice


def test_a_complete_task_with_missing_steps_counts_as_unfinished() -> None:
    latest, whole = LatestStats(), order_processing()
    latest.learn(stats_of(*whole[:-3], whole[-1]))
    assert [stats["status"] for stats in latest.unfinished()] == ["complete"]
    latest.learn(stats_of(*whole))
    assert latest.unfinished() == []
