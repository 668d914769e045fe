"""Failures counted by hour and by day: as many as there are, in the order of their keys."""

from __future__ import annotations

from random import Random
from typing import Any

from tasker_consumers.store.core.error_counts import counts_of, days_of_counts, dimension_of
from tasker_consumers.units import DAY_US, HOUR_US
from tests.support.store.rows import NOW, batch_of, failed_step


def test_counts_are_those_of_each_failure_by_itself() -> None:
    random = Random(5)
    times = [NOW + random.randrange(-30 * HOUR_US, 30 * HOUR_US) for _ in range(300)]
    rows = batch_of(
        *(failed_step(f"t{at}", f"shop.E{at % 3}", f"step {at % 2}", at=at) for at in times)
    ).failed_attempts.values()
    slowly: dict[Any, list[int]] = {}
    for row in rows:
        names = (row[4], row[6], "shop", None)
        slowly.setdefault((row[17], row[1] // HOUR_US * HOUR_US, dimension_of(names), *names), []).append(row[1])
    counts = counts_of(rows)
    assert counts == [(*key, len(found), min(found), max(found)) for key, found in sorted(slowly.items(), key=str)]
    days = days_of_counts(counts)
    assert sum(day[-3] for day in days) == len(rows)
    assert {day[1] % DAY_US for day in days} == {0}


def test_no_failure_is_no_count() -> None:
    assert counts_of([]) == []
    assert days_of_counts([]) == []
