"""The page of `tasker trace --html` in a real Chromium: by keyboard, back in time, and with many spans."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Keys

from tasker_consumers.trace_view.page import render_page
from tasker_consumers.trace_view.rebuild import Run
from tasker_consumers.trace_view.tree import build_tree
from tasker_schemas.names import TaskEvents
from tests.support.browser import Browser
from tests.support.runs import SECOND, run_of, tree_of
from tests.support.telemetry.histories import T0, Told, attempt, told

HOSTILE = (
    "</script><script>document.title='owned'</script><img src=http://127.0.0.1/x onerror=x()> &\"q\"'x' \u202e\x00"
)
DETAILS = "document.getElementById('details').textContent"
SELECTED = "document.querySelector('[aria-selected=true]').textContent"
ROWS = "document.querySelectorAll('[role=row]').length"
#: More than a screen of 800 pixels can show, less than twice as many.
MOST_ROWS = 60


def page_of(history: list[Told], folder: Path) -> Path:
    """Return the file of a run's page."""
    run, path = run_of(history), folder / "run.html"
    path.write_text(render_page(run, tree_of(run)), encoding="utf-8")
    return path


def steps(count: int) -> list[Told]:
    """Return a task whose step n runs from second n to n + 2; the tenth and the last but one fail."""
    history = [told(TaskEvents.START_REQUESTED, 0, total_steps=count, started_at=T0)]
    for n in range(count):
        outcome = "failed" if n in {10, count - 2} else "completed"
        error: dict[str, Any] = (
            {"error_class": "Timeout", "error_message": f"no answer {n}"} if outcome == "failed" else {}
        )
        history += attempt(f"s{n}", n, n + 2, outcome, **error)[1:]
    return history


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with 20,000 spans; their events are not folded, which takes longer than all the rest."""
    task, *few = run_of(steps(19)).spans()
    spans, path = [task], tmp_path_factory.mktemp("large") / "run.html"
    for n in range(19_999):
        attributes = {**few[n % 19].attributes, "step_id": f"s{n}", "step_name": f"s{n}_step"}
        start, end = task.start + n * SECOND, task.start + (n + 2) * SECOND
        spans.append(replace(few[n % 19], span_id=f"{n:016x}", attributes=attributes, start=start, end=end))
    path.write_text(render_page(Run(), build_tree(spans, [], spans[-1].end)), encoding="utf-8")
    return path


def opened(browser: Browser, path: Path) -> None:
    browser.open(path)
    browser.wait(f"{ROWS} > 1")


def test_hostile_strings_are_text_and_the_page_asks_for_nothing(browser: Browser, tmp_path: Path) -> None:
    hostile = attempt("x", 0, 1, "failed", step_name=HOSTILE, error_message=HOSTILE, task_name=HOSTILE)
    path = page_of(hostile, tmp_path)
    opened(browser, path)
    browser.press("e")
    assert HOSTILE.rstrip("\0") in browser.run(f"return {DETAILS}")
    assert browser.run("return document.images.length + document.scripts.length") == 2
    assert browser.run("return document.title") != "owned"
    assert browser.requests() == [path.as_uri()]
    assert browser.complaints() == []


@pytest.mark.parametrize("count", [40, 2_000])
def test_every_line_is_reached_by_keyboard(browser: Browser, tmp_path: Path, count: int) -> None:
    opened(browser, page_of(steps(count - 1), tmp_path))
    browser.press("e")
    assert "no answer 10" in browser.run(f"return {DETAILS}")
    browser.press("e")
    assert f"no answer {count - 3}" in browser.run(f"return {DETAILS}")
    browser.press(Keys.HOME, Keys.ARROW_DOWN)
    assert "s0_step" in browser.run(f"return {SELECTED}")
    browser.press(Keys.END)
    assert f"s{count - 2}_step" in browser.run(f"return {SELECTED}")
    browser.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert browser.run(f"return {ROWS}") == 1
    browser.press(Keys.ARROW_RIGHT, "/", "S17_", Keys.ENTER, Keys.ESCAPE)
    assert "s17_step" in browser.run(f"return {SELECTED}")
    assert browser.complaints() == []


def test_the_axis_has_round_moments_at_the_lines_of_the_bars(browser: Browser, tmp_path: Path) -> None:
    opened(browser, page_of(steps(19), tmp_path))
    ticks = "return [...document.querySelectorAll('#axis span')].map((tick) => tick.textContent)"
    edges = "const box = document.getElementById(arguments[0]).getBoundingClientRect(); return [box.left, box.right]"
    assert browser.run(ticks) == ["+0 s", "+5 s", "+10 s", "+15 s"]
    assert browser.run(edges, "axis") == pytest.approx(browser.run(edges, "bars"), abs=1)
    for _ in range(12):
        browser.run("document.getElementById('nearer').click()")
    near = browser.run(ticks)
    assert 2 <= len(near) == len(set(near)), "each moment has a text of its own, however near"
    assert browser.complaints() == []


def test_the_slider_shows_the_run_as_it_was_then(browser: Browser, tmp_path: Path) -> None:
    opened(browser, page_of(steps(19), tmp_path))
    browser.run("document.getElementById('moment').focus()")
    browser.press(Keys.HOME)
    assert browser.run(f"return {ROWS}") == 2, "the task, and the step that begins with it"
    browser.run(
        "const m = document.getElementById('moment'); m.value = m.max * 5.5 / 20; m.dispatchEvent(new Event('input'))"
    )
    assert browser.run(f"return {ROWS}") == 7
    states = browser.run("return [...document.querySelectorAll('[role=row]')].map((row) => row.textContent)")
    assert "5_step" in states[-1]
    browser.run("document.getElementById('grid').focus()")
    browser.press(Keys.END)
    assert "running" in browser.run(f"return {DETAILS}"), "the step that ended later has not ended yet"
    browser.press("e")
    assert "no answer" not in browser.run(f"return {DETAILS}"), "nothing has failed yet"


def test_twenty_thousand_spans_stay_fluid(browser: Browser, large: Path) -> None:
    opened(browser, large)
    assert browser.run(f"return {ROWS}") <= MOST_ROWS
    browser.press(Keys.END)
    assert "s19998_step" in browser.run(f"return {SELECTED}")
    assert browser.run(f"return {ROWS}") <= MOST_ROWS
    browser.run("document.getElementById('grid').scrollTop = 200000")
    browser.wait("[...document.querySelectorAll('[role=row]')].some((row) => row.textContent.includes('s9100_step'))")
    assert browser.run(f"return {ROWS}") <= MOST_ROWS
    browser.press("e")
    assert "no answer 10" in browser.run(f"return {DETAILS}"), "after the last line the search goes on from the first"
    assert browser.complaints() == []
