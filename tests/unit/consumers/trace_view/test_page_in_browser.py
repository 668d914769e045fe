"""The page of `tasker trace --html` in a real Chromium."""

from pathlib import Path

from tasker_consumers.trace_view.page import render_page
from tests.support.browser import Browser
from tests.support.runs import run_of, tree_of
from tests.support.telemetry.histories import Told, attempt

HOSTILE = (
    "</script><script>document.title='owned'</script><img src=http://127.0.0.1/x onerror=x()> &\"q\"'x' \u202e\x00"
)


def page_of(history: list[Told], folder: Path) -> Path:
    """Return the file of a run's page."""
    run, path = run_of(history), folder / "run.html"
    path.write_text(render_page(run, tree_of(run)), encoding="utf-8")
    return path


def test_hostile_strings_are_text_and_the_page_asks_for_nothing(browser: Browser, tmp_path: Path) -> None:
    hostile = attempt("x", 0, 1, "failed", step_name=HOSTILE, error_message=HOSTILE, task_name=HOSTILE)
    path = page_of(hostile, tmp_path)
    browser.open(path)
    browser.wait("document.querySelectorAll('.row').length == 2")
    browser.press("e")
    assert HOSTILE.rstrip("\0") in browser.run("return document.getElementById('details').textContent")
    assert browser.run("return document.images.length + document.scripts.length") == 2
    assert browser.run("return document.title") != "owned"
    assert browser.requests() == [path.as_uri()]
    assert browser.complaints() == []
