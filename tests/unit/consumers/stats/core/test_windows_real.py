"""Windows of real executions equal those that SQL finds in the same events."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tests.support.scale import SCALE
from tests.support.stats.percentiles import nearest_rank
from tests.support.stats.real import alibaba_events, alibaba_rows, real_histories
from tests.support.stats.window_real import COLUMNS, windows_in_sql
from tests.support.stats.window_worker import WindowWorker

PERCENTS = {
    "duration_p50_s": 50,
    "duration_p90_s": 90,
    "duration_p95_s": 95,
    "duration_p99_s": 99,
    "duration_max_s": 100,
}


def together() -> list[dict[str, Any]]:
    kept = {"event_id", *COLUMNS}
    return [{name: told[name] for name in kept & told.keys()} for history in real_histories(4) for told in history]


def cluster() -> list[dict[str, Any]]:
    return list(alibaba_events(alibaba_rows()[: 5_000 * SCALE]))


@pytest.mark.parametrize("history", [together, cluster])
def test_real_executions_make_the_windows_that_sql_finds(history: Callable[[], list[dict[str, Any]]]) -> None:
    told, random, worker = history(), Random(7), WindowWorker(window_names=100_000)
    shuffled = told + random.choices(told, k=len(told) // 20)
    random.shuffle(shuffled)
    for at in range(0, len(shuffled), 4000):
        worker.take(shuffled[at : at + 4000])
    found, expected = worker.windows(), windows_in_sql(told)
    assert [figures(window) for window in found] == [row[:-1] for row in expected]
    for window, row in zip(found, expected, strict=True):
        lasted = sorted(took for took in json.loads(row[-1]) if took is not None)
        for name, percent in PERCENTS.items() if lasted else ():
            nearest = nearest_rank(lasted, percent) / 1e6
            assert window[name] == pytest.approx(nearest, rel=0.0101)


def figures(window: dict[str, Any]) -> tuple[Any, ...]:
    """Return what SQL returns of a window."""
    names = ("kind", "name", "window_s", "window_start", "complete", "error", "cancelled", "retries", "measured")
    return *(window[name] for name in names), round(window["duration_sum_s"] * 1e6) if window["measured"] else None
