"""Two runs side by side: the differences are the whole difference, and say where the runs part."""

import json
import os
import random
from typing import Any

from tasker_consumers.compare.differences import difference_of_runs
from tasker_consumers.compare.pair import PairDifference, compare_runs, pair_to_json
from tasker_consumers.compare.pair_text import attribute_rows, headlines, unit_rows
from tasker_consumers.compare.shape import RunShape, key_text
from tests.support.importers.real_records import FOLDERS, paths_of, records_of
from tests.support.runs import SECOND, run_of, shape_of_history
from tests.support.telemetry.histories import FAILURE, Told, attempt, order, told

#: Pairs of real runs that are compared; all of them with a large number.
PAIRS = int(os.environ.get("TASKER_TEST_PAIRS", "200"))


def compare(first: list[Told], second: list[Told]) -> PairDifference:
    return compare_runs(shape_of_history(first), shape_of_history(second))


def run_that(*steps: list[Told], end: float, outcome: str = "completed", **more: Any) -> list[Told]:
    return [
        told("task.start_requested", 0, **more),
        *(record for step in steps for record in step),
        told(f"task.{outcome}", end),
    ]


def test_a_slower_step_explains_the_difference() -> None:
    good = run_that(attempt("fetch", 0, 1), attempt("charge", 1, 2), end=2)
    bad = run_that(attempt("fetch", 0, 1), attempt("charge", 1, 5), end=5)
    pair = compare(good, bad)
    assert pair.duration == 3 * SECOND
    [slower] = pair.ranked()[:1]
    assert key_text(slower.key).endswith("charge_step")
    assert (slower.decided, slower.duration, slower.change) == (3 * SECOND, 3 * SECOND, "")
    assert pair.parting is None


def test_new_and_gone_steps_and_other_outcomes_are_named() -> None:
    good = run_that(attempt("fetch", 0, 1), attempt("ship", 1, 2), end=2)
    bad = run_that(attempt("check", 0, 0.5), attempt("fetch", 0.5, 1, "failed", **FAILURE), end=2, outcome="failed")
    pair = compare(good, bad)
    changes = {unit.key[-1][0]: unit.change for unit in pair.units}
    assert changes == {
        "order_processing": "other outcome", "check_step": "new", "fetch_step": "other outcome", "ship_step": "gone",
    }  # fmt: skip
    assert pair.parting is not None
    assert pair.parting.key[-1] == ("check_step", 1)


def test_attributes_of_the_task_that_differ_are_listed() -> None:
    good = run_that(end=1, attributes={"region": "eu"}, service_version="1.3")
    bad = run_that(end=1, attributes={"region": "us"}, service_version="1.4")
    assert attribute_rows(compare(good, bad)) == [
        ("order_processing: region", "eu", "us"),
        ("order_processing: service_version", "1.3", "1.4"),
    ]


def test_a_run_and_itself_do_not_differ() -> None:
    pair = compare(order(), order())
    assert (pair.duration, pair.ranked(), pair.attributes, pair.parting) == (0, [], (), None)
    assert "the runs have the same units with the same outcomes" in list(headlines(pair))


def test_the_rows_add_up_also_where_the_rest_is_folded() -> None:
    good = run_that(*(attempt(f"s{n}", n, n + 1) for n in range(8)), end=8)
    bad = run_that(*(attempt(f"s{n}", n * 2, n * 2 + 2) for n in range(8)), end=16)
    rows = unit_rows(compare(good, bad), 3)
    assert [row[1] for row in rows] == ["+1.00 s", "+1.00 s", "+1.00 s", "+5.00 s", "+8.00 s"]
    assert rows[3][0] == "(6 more units)"


def test_the_differences_of_real_runs_add_up() -> None:
    runs: list[RunShape] = [
        shape_of_history(records_of(folder, path))
        for folder in FOLDERS
        for path in paths_of(folder)[:: 1 + 2_400 // PAIRS]
    ]
    draw = random.Random(16)
    for _ in range(PAIRS):
        pair = compare_runs(draw.choice(runs), draw.choice(runs))
        assert pair.idle + sum(unit.decided for unit in pair.units) == pair.duration


def test_the_document_is_strict_json_and_adds_up() -> None:
    pair = difference_of_runs(run_of(order()), run_of(order("43")), present=0)
    assert pair is not None
    document = json.loads(json.dumps(pair_to_json(pair), allow_nan=False))
    total = document["idle_difference_ns"] + sum(unit["decided_difference_ns"] for unit in document["units"])
    assert total == document["difference_ns"]


def test_a_run_without_spans_has_no_difference() -> None:
    assert difference_of_runs(run_of([]), run_of(order()), present=0) is None
