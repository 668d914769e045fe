"""Statistics as people read them."""

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.stats.core.windows import HOUR_S
from tasker_consumers.stats.reading.view import progress_line, progress_table, task_rows, window_columns, window_rows
from tests.support.stats.histories import SECOND, T0, order_processing
from tests.support.stats.window_worker import WindowWorker

NOW = T0 + 5 * SECOND


def test_progress_bars_tell_steps_rate_and_time_left() -> None:
    running = recompute(order_processing()[:6]).values()
    out = StringIO()
    Console(file=out, width=120).print(progress_table(running, NOW, 120))
    assert out.getvalue().split()[-5:] == ["2/4", "0", "0.500", "0:00:04", "━" * 15]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_no_progress_has_a_cut_id_or_number(width: int) -> None:
    task_id = "2de83810-23a0-462e-ac13-bb7396196fe7"
    (running,) = recompute(order_processing()[:6]).values()
    out = StringIO()
    Console(file=out, width=width).print(progress_table([{**running, "task_id": task_id}], NOW, width))
    cells = out.getvalue().replace("━", "").split("\n", 1)[1].split()
    text = "".join(cells) if width < len(task_id) else cells[0]
    assert text == task_id
    assert "…" not in out.getvalue()
    assert set(cells[1:]) <= {"in_progress", "2/4", "0", "0.500", "0:00:04"} or width < len(task_id)


def test_a_plain_line_tells_the_same_progress() -> None:
    (running,) = recompute(order_processing()[:6]).values()
    assert progress_line(running, NOW) == "42\tin_progress\t2/4 steps\t0 failed"


def test_a_row_of_a_window_has_a_cell_for_every_title() -> None:
    worker = WindowWorker()
    worker.take(order_processing())
    (row,) = window_rows(worker.chosen(kind="task", length_s=HOUR_S))
    assert len(row) == len(window_columns())
    assert row[:4] == ["order_processing", "2023-11-14 22:00:00.000 UTC", "1", "1"]


@given(st.integers(-(2**63), 2**63 - 1))
def test_no_stored_time_ends_a_view(time: int) -> None:
    ((_, text),) = task_rows({"completed_at": time})
    assert text.endswith(("UTC", "µs"))


def test_a_time_beyond_the_calendar_is_shown_as_its_number() -> None:
    assert task_rows({"completed_at": 1_795_000_000_000_000_000}) == [("completed_at", "1795000000000000000 µs")]
