"""Names beyond the limit share the windows of `other`: exactly, through crashes and on new disks, in bounded memory."""

import logging
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasker_consumers.stats.core.windows import HOUR_S, TASK
from tests.support.scale import SCALE
from tests.support.stats.histories import SECOND, Event, attempt, event
from tests.support.stats.window_oracle import from_scratch
from tests.support.stats.window_worker import WindowWorker

HOUR = 3600 * SECOND
DAY = 24 * HOUR


def worker_of(windows: int) -> WindowWorker:
    return WindowWorker(window_names=windows)


def completed(*names: str, at: float = 1) -> list[Event]:
    """Return the end of a task of each name."""
    return [event("task.completed", at, f"task of {name}", task_name=name) for name in names]


def names_in(worker: WindowWorker) -> set[str]:
    return {window["name"] for window in worker.windows()}


def expected(worker: WindowWorker, told: list[Event]) -> list[dict[str, Any]]:
    """Return the windows of a history when names that have no windows of their own are `other`."""
    own = {(window["kind"], window["name"]) for window in worker.windows()}

    def renamed(fact: Event) -> Event:
        names = {f"{kind}_name": fact.get(f"{kind}_name") for kind in ("task", "step")}
        return {**fact, **{f"{kind}_name": "other" for kind in ("task", "step") if is_shared(kind, names)}}

    def is_shared(kind: str, names: dict[str, str | None]) -> bool:
        name = names[f"{kind}_name"]
        return name is not None and (kind, name) not in own

    return from_scratch(map(renamed, told))


@st.composite
def many_names(draw: st.DrawFn) -> list[Event]:
    """Draw tasks of up to eight names with steps of as many; some fail, and some of these complete later."""
    told = list[Event]()
    for number in range(draw(st.integers(1, 12))):
        task_id, name = f"t{number}", f"name {draw(st.integers(0, 7))}"
        begun, fails, again = draw(st.integers(0, 5000)), draw(st.booleans()), draw(st.booleans())
        told.append(event("task.start_requested", begun, task_id, task_name=name))
        step = attempt(f"s{draw(st.integers(0, 7))}", begun, begun + 1)
        told += [{**fact, "task_id": task_id} for fact in step]
        told.append(event("task.failed" if fails else "task.completed", begun + 2, task_id, task_name=name))
        if fails and again:
            told.append(event("task.completed", begun + 900, task_id, task_name=name))
    return told


@settings(max_examples=50)
@given(many_names(), st.integers(0, 4), st.randoms(), st.integers(0, 4))
def test_windows_are_exact_with_any_limit_in_any_order_and_through_crashes(
    told: list[Event], limit: int, random: Random, crashes: int
) -> None:
    told += random.sample(told, len(told) // 2)
    random.shuffle(told)
    worker = worker_of(limit)
    worker.live(told, random, crashes)
    windows = worker.windows()
    assert windows == worker.told() == expected(worker, told)
    assert all(len({w["name"] for w in windows if w["kind"] == kind} - {"other"}) <= limit for kind in ("task", "step"))
    worker.start(lost=True)
    assert worker.windows() == windows


def test_the_names_that_came_first_keep_their_windows_on_another_disk() -> None:
    worker = worker_of(2)
    worker.take(completed("z", "y", "a", "b"))  # a rebuild meets them in the order of their keys
    worker.start(lost=True)
    worker.take(completed("c", at=2))
    assert names_in(worker) == {"z", "y", "other"}
    (other,) = worker.chosen(name="other", length_s=HOUR_S, kind=TASK)
    assert other["complete"] == 3


def test_a_task_that_counts_for_other_leaves_it_when_it_is_retried() -> None:
    told = [*completed("own"), event("task.failed", 1, "late", task_name="x")]
    worker = worker_of(1)
    worker.take(told)
    worker.emit()
    told += [event("task.completed", 4000, "late", task_name="x")]
    worker.take(told[-1:])
    worker.emit()
    assert worker.windows() == worker.told() == expected(worker, told)


def live(worker: WindowWorker, days: int) -> None:
    """Let days pass, with a record now and then that tells the time."""
    worker.wait(days * DAY)
    worker.take([event("task.start_requested", 9, f"live-{worker.now}")])
    worker.processor.windows._held[0].cleaned_at = float("-inf")  # the search for closed windows is due
    worker.emit()


def test_places_are_free_again_when_no_window_of_their_names_is_left() -> None:
    worker = worker_of(1)
    worker.take(completed("first", "second"))
    live(worker, 9)
    worker.start(lost=True)
    worker.take([event("task.completed", 9 * 86_400, "now", task_name="second")])
    assert names_in(worker) == {"second"}


def test_no_place_is_given_anew_while_other_has_windows() -> None:
    worker = worker_of(1)
    worker.take(completed("first"))
    worker.wait(6 * DAY)
    worker.take([event("task.completed", 6 * 86_400, "a", task_name="second")])
    live(worker, 3)  # the windows of the first name are closed, those of `other` are not
    worker.take([event("task.completed", 9 * 86_400, "b", task_name="second")])
    assert names_in(worker) == {"other"}
    (latest, _) = worker.chosen(name="other", length_s=HOUR_S)[::-1]
    assert latest["complete"] == 1


def test_a_real_name_other_shares_its_windows() -> None:
    worker = worker_of(2)
    worker.take(completed("other", "own", "x"))
    (other,) = worker.chosen(name="other", length_s=HOUR_S)
    assert other["complete"] == 2


def test_names_without_a_place_are_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    worker = worker_of(1)
    with caplog.at_level(logging.WARNING):
        for number in range(5):
            worker.take(completed(f"import 471{number}"))
    (line,) = caplog.messages
    assert "TASKER_STATS_WINDOW_NAMES" in line
    assert "'import 4711'" in line
    sample = worker.processor.registry.get_sample_value
    assert sample("tasker_stats_window_names_over_limit_total", {"kind": "task"}) == 4
    assert sample("tasker_stats_window_names_over_limit_total", {"kind": "step"}) == 0


def test_very_many_names_take_no_more_entries_than_few() -> None:
    worker, limit = worker_of(20), 20
    for first in range(0, 400 * SCALE, 100):
        worker.take(completed(*(f"import {number}" for number in range(first, first + 100))))
    worker.emit()
    assert len(worker.windows()) == 2 * (limit + 1)
    assert sum(b"name:" in key for key, _ in worker.store.scan(0, b"\x00")) == limit + 1
