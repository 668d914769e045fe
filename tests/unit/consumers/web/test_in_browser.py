"""The pages of the web view in a real Chromium, under their policy."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.resources import files
from itertools import chain
from typing import Any

import pytest
from selenium.webdriver import Keys

from tasker_consumers.web.routes import live
from tasker_consumers.web.settings import WebSettings
from tasker_consumers.web.sources import sources, task_run
from tests.support.browser import Browser
from tests.support.telemetry.histories import FAILURE, attempt, failed_order, order
from tests.support.web import served, site_over, sources_of

PULSE = "document.getElementById('pulse').textContent"
HOSTILE = "</td><script>document.title='owned'</script><img src=http://127.0.0.1:1/x onerror=document.title='owned'>"


@pytest.fixture
def address() -> Iterator[str]:
    with site_over(*sources_of([*order(), *failed_order("7")]), WebSettings()) as site, served(site) as url:
        yield url


@pytest.mark.parametrize("late", ["", "/assets/htmx.min.js", "/assets/hx-sse.min.js", "/assets/live.js", "/tasks-live"])
def test_the_list_follows_the_tasks_whatever_part_of_it_comes_late(browser: Browser, late: str) -> None:
    source, runs = sources_of(order())
    with site_over(source, runs) as site, served(site, late) as url:
        browser.open(url)
        browser.wait("document.querySelectorAll('#tasks tr').length == 1")
        later, _ = sources_of(failed_order("7"))
        source.more(later.backlog())
        browser.wait("document.querySelectorAll('#tasks tr').length == 2")
        assert browser.wait("document.querySelector('#t-7 .pill').textContent.includes('error')")
        assert browser.run(f"return {PULSE}") == "live"
        assert browser.complaints() == []


def test_a_list_whose_first_connection_is_refused_says_so_and_connects_again(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_VIEWERS", 0)
    with site_over(*sources_of(order())) as site, served(site) as url:
        browser.open(url)
        browser.wait("performance.getEntriesByType('resource').some((entry) => entry.responseStatus == 503)")
        assert browser.run(f"return {PULSE}") == "connecting"
        monkeypatch.undo()
        browser.wait(f"{PULSE} == 'live'")


def test_a_list_that_stands_still_says_so_instead_of_live(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_STANDSTILL_US", 0)
    source, runs = sources_of(order())
    with site_over(source, runs) as site, served(site) as url:
        (task,) = source.backlog()
        browser.open(url)
        browser.wait(f"{PULSE} == 'live'")
        site.sources.arrivals.note(task["last_event_at"] + 1)
        browser.wait(f"{PULSE} == 'stopped'")
        assert browser.wait("document.querySelector('#tasks .stopped').textContent.includes('tasker run stats')")
        source.more([{**task, "last_event_at": task["last_event_at"] + 2, "revision": task["revision"] + 1}])
        browser.wait(f"{PULSE} == 'live'")
        assert browser.complaints() == []


def test_hostile_strings_are_executed_nowhere(browser: Browser) -> None:
    fields: dict[str, Any] = dict.fromkeys(("task_id", "step_name", "error_message", "task_name", "service"), HOSTILE)
    history = attempt(HOSTILE, 0, 1, "failed", step_inputs=json.dumps({HOSTILE: HOSTILE}), **fields)
    with ExitStack() as stack:
        url = stack.enter_context(served(stack.enter_context(site_over(*sources_of(history)))))
        browser.open(url)
        browser.wait("document.querySelectorAll('#tasks tr').length == 1")
        for page in browser.run("return ['task', 'task-steps', 'task-events'].map(p => p + "
                                "document.querySelector('#tasks a').search)"):  # fmt: skip
            browser.open(url + page)
            browser.wait("document.readyState == 'complete' && document.querySelector('h1')")
            if page.startswith("task?"):
                browser.wait("document.querySelectorAll('.row').length == 2")
                browser.press("/", Keys.ESCAPE)
                browser.run("document.getElementById('grid').focus()")
                browser.press("e")
                browser.wait("document.getElementById('details').textContent.includes('step_inputs')")
            assert browser.run("return document.images.length") == 0
            assert browser.run("return document.title") != "owned"
            assert browser.complaints() == []


def test_a_large_run_shows_its_first_rows_and_then_all_of_them(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_run, "LARGE", 10)
    monkeypatch.setattr(task_run, "_BEGINNING", 8)
    steps = [attempt(f"s{number}", 2 * number, 2 * number + 1, task_id="big") for number in range(11)]
    failed = attempt("last", 30, 31, "failed", task_id="big", **FAILURE)
    with site_over(*sources_of([*chain(*steps), *failed])) as site, served(site) as url:
        browser.open(url + "task?id=big")
        browser.wait("document.querySelector('.frame[data-whole]')")
        assert browser.run("return document.querySelectorAll('.row').length") == 13
        assert browser.run("return document.querySelector('.failures h2').textContent") == "1 error"
        shown = browser.run("return document.querySelector('.failures li').textContent")
        browser.open(url + "task?id=big")  # now it is read: the server lists the errors
        browser.wait("document.querySelector('.frame[data-whole]')")
        assert browser.run("return document.querySelector('.failures li').textContent") == shown
        assert browser.run("return document.getElementById('reading')") is None
        assert browser.complaints() == []


def test_the_waterfall_is_walked_by_keyboard_and_says_where_it_is(browser: Browser, address: str) -> None:
    browser.open(address + "task?id=42")
    browser.wait("document.querySelectorAll('.row').length >= 3")
    browser.run("document.getElementById('grid').focus()")
    walked = []
    for key in (Keys.HOME, *[Keys.DOWN] * 2, "e", Keys.END):
        browser.press(key)
        walked.append(browser.run("return document.querySelector('.row.selected').id"))
        assert browser.run("return document.getElementById('grid').getAttribute('aria-activedescendant')") == walked[-1]
    assert walked[:3] == ["row-0", "row-1", "row-2"]
    assert browser.run("return document.getElementById('spoken').textContent").count(",") >= 3
    browser.press(Keys.HOME, Keys.LEFT)
    assert browser.run("return document.querySelectorAll('.row').length") == 1
    browser.press("+")
    assert "shows" in browser.run("return document.getElementById('spoken').textContent")


def test_keys_lead_through_the_list_and_between_pages(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.wait("document.querySelectorAll('#tasks tr').length == 2 && document.readyState == 'complete'")
    browser.press("j", "j")
    chosen = browser.run("return document.activeElement.getAttribute('href')")
    assert chosen.startswith("task?id=")
    browser.press(Keys.ENTER)
    browser.wait("location.pathname == '/task'")
    browser.wait("document.readyState == 'complete'")
    browser.press("/")
    assert browser.run("return document.activeElement.id") == "q"


def test_the_theme_is_the_systems_until_a_person_chooses(browser: Browser, address: str) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    browser.prefer(prefers_color_scheme="dark")
    browser.open(address)
    dark = browser.run(f"return {colour}")
    browser.run("document.getElementById('theme').click()")
    assert browser.run(f"return {colour}") != dark
    browser.open(address)
    assert browser.run("return document.documentElement.dataset.theme") == "light"
    browser.run("localStorage.clear()")


def test_a_grid_of_many_runs_scrolls_within_its_table(browser: Browser) -> None:
    history = [record for number in range(24) for record in order(f"t{number}")]
    with site_over(*sources_of(history)) as site, served(site) as url:
        browser.open(f"{url}grid", width=390, height=844)
        browser.wait("document.querySelectorAll('thead .cell').length == 24")
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth")


PAGES = (
    "", "task?id=7", "task-steps?id=7", "task-events?id=7", "task-statistics?id=7", "grid", "errors", "stats",
    "stats?name=order_processing", "groups", "diff?b=7", "diff?a=42&b=7", "find?q=nobody",
)  # fmt: skip
#: Runs axe-core, and calls back with the serious findings: rule, and the first element.
AXE = """const done = arguments[0];
axe.run(document, {resultTypes: ["violations"]}).then((found) => done(found.violations
  .filter((item) => item.impact === "serious" || item.impact === "critical")
  .map((item) => item.id + ": " + item.nodes[0].html)));"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_for_everyone(browser: Browser, address: str, theme: str) -> None:
    axe = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    browser.prefer(prefers_color_scheme=theme)
    for page in PAGES:
        browser.open(address + page, width=390 if theme == "dark" else 1280, height=900)
        browser.wait("document.readyState == 'complete'")
        if page.startswith("task?"):
            browser.wait("document.querySelectorAll('.row').length > 1")
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth"), page
        browser.run(axe)
        assert browser.driver.execute_async_script(AXE) == [], page
        assert [line for line in browser.complaints() if "404" not in line] == [], page
