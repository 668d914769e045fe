"""The models of pages: errors by group, the grid, charts, statistics, lags."""

from itertools import pairwise

import pytest

from tasker_consumers.errors.groups import ErrorGroup, TrendParts, gather
from tasker_consumers.web.views.charts import duration_chart, outcome_chart
from tasker_consumers.web.views.failures import failure_of, failure_rows, group_rows, page_after, place_of
from tasker_consumers.web.views.grid import attempt_of_span, grid_of
from tasker_consumers.web.views.statistics import PERCENTILES, name_rows, window_rows
from tasker_producer.masking.masker import Masker
from tasker_schemas.errors import UsageError
from tests.support.runs import run_of
from tests.support.stats.windows import windows_of_durations
from tests.support.telemetry.histories import T0, attempt, failed_order, order

HOUR = 3_600_000_000


def test_a_failed_task_is_counted_by_its_steps_or_by_itself() -> None:
    events = run_of([*failed_order("7"), *failed_order("8")]).payloads
    failures = [
        failure for event in events if event["event_name"].endswith("failed") and (failure := failure_of(event))
    ]
    (group, *_) = gather(failures)
    (row,) = group_rows([group], TrendParts.of(T0 - HOUR, T0 + HOUR, 24), Masker())
    assert row.number == group.count >= 2
    assert "gateway.Timeout" in row.title
    assert {failure.task_id for failure in failure_rows(failures, Masker())} == {"7", "8"}


def test_pages_of_groups_go_on_behind_their_last_and_refuse_other_places() -> None:
    groups = [ErrorGroup(f"g.{number}", "", None, "", count) for number, count in enumerate((5, 3, 3, 1))]
    seen, place = list[str](), ""
    while page := page_after(groups, place, 2):
        seen += [group.id for group in page]
        place = place_of(page[-1])
    assert seen == ["g.0", "g.1", "g.2", "g.3"]
    for wrong in ("x", "-1.g", "9" * 40, ".g"):
        with pytest.raises(UsageError, match="after is"):
            page_after(groups, wrong, 2)


def test_the_grid_has_the_latest_attempt_of_each_step_and_counts_the_others() -> None:
    run = run_of(
        [*order(), *attempt("pay", 1, 2, "failed", 1, task_id="7"), *attempt("pay", 2, 3, number=2, task_id="7")]
    )
    attempts = [made for span in run.spans() if (made := attempt_of_span(span))]
    tasks = sorted(run.tasks(), key=lambda task: task["task_id"])
    grid = grid_of(tasks, attempts, Masker())
    assert [column.task_id for column in grid.columns] == ["42", "7"]
    (pay,) = [row for row in grid.rows if row.step == "pay_step"]
    assert [(cell.state, cell.attempts) for cell in pay.cells] == [("", 0), ("complete", 2)]


def test_charts_lie_within_their_bounds_and_say_their_values() -> None:
    windows = windows_of_durations([(0, [0.1, 0.2]), (1, [3.0]), (5, [0.5])])
    chart = duration_chart(windows, PERCENTILES)
    points = [tuple(map(float, point.split(","))) for line in chart.lines for point in line.points.split()]
    assert all(chart.left <= x <= chart.width and 0 <= y <= chart.bottom for x, y in points)
    for line in chart.lines:
        xs = [float(point.partition(",")[0]) for point in line.points.split()]
        assert all(a < b for a, b in pairwise(xs))
    bars = outcome_chart(windows).bars
    assert sum("failed" in bar.text for _, bar in bars) == 2 * len(windows)
    assert duration_chart([], PERCENTILES).lines[0].points == ""
    lonely = duration_chart(windows[:1], PERCENTILES).lines[0].points.split()
    assert len(lonely) == 2, "a single point would not be seen"


def test_a_name_is_the_sum_of_its_hours() -> None:
    windows = windows_of_durations([(0, [0.1, 0.2]), (60, [3.0])], length_s=3600)
    (row,) = name_rows(windows, 0)
    assert (row.kind, row.number, row.failed) == ("task", 3, 0)
    assert name_rows(windows, 10**18) == []
    assert [row.number for row in window_rows(windows)] == [1, 2]
