"""The page of a run with many steps in Chromium: when it is interactive, how many rows it has, how it scrolls."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from benchmarks.web_changes import open_producer, statistics_of
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import encode
from tasker_schemas.topics import stats_topic
from tests.support.browser import Browser, open_chromium

#: The longest wait for the page on a machine that has other work, in seconds.
_PATIENCE_S = 300
#: Notes when the first rows are there and answer to the keyboard, and when all are, in milliseconds since the page
#: was asked for.
_NOTE = """new MutationObserver((_, observer) => {
  if (document.querySelector(".frame[data-ready]")) window.readyAfter ??= performance.now();
  if (!document.querySelector(".frame[data-whole]")) return;
  observer.disconnect();
  window.wholeAfter = performance.now();
}).observe(document, { attributes: true, childList: true, subtree: true });"""
#: Scrolls a screen in every frame for a while, and calls back with frames, milliseconds, longest frame and most rows.
_SCROLL = """const done = arguments[0], grid = document.getElementById("grid"), gaps = [];
let last = performance.now(), most = 0;
function frame(now) {
  gaps.push(now - last);
  last = now;
  most = Math.max(most, document.querySelectorAll(".row").length);
  grid.scrollTop += grid.clientHeight;
  if (gaps.length < 240) requestAnimationFrame(frame);
  else done([gaps.slice(1).reduce((sum, gap) => sum + gap, 0), Math.max(...gaps.slice(1)), most, gaps.length - 1]);
}
requestAnimationFrame(frame);"""
#: Presses a key, and returns the milliseconds until the last row is selected and painted.
_KEY = """const done = arguments[0], began = performance.now();
document.getElementById("grid").dispatchEvent(new KeyboardEvent("keydown", { key: "End" }));
const tell = () => done([performance.now() - began, document.querySelector(".row.selected").id]);
requestAnimationFrame(() => setTimeout(tell));"""


def publish_run(connection: Mapping[str, str], prefix: str, steps: int) -> None:
    """Publish a task of many steps, of which every thousandth fails, with its statistics."""
    began = time.time_ns() // 1000
    settings = ProducerSettings(kafka=dict(connection), topic_prefix=prefix)
    with EventPublisher(settings) as publisher, publisher.task("nightly", task_id="large", total_steps=steps) as task:
        for number in range(steps):
            run_step(task.step(f"chunk_{number % 50}", step_id=f"chunk-{number}"), fails=number % 1000 == 999)
    producer = open_producer(connection)
    now = time.time_ns() // 1000
    statistics = {**statistics_of("large", 1, 3, now), "total_steps": steps, "attempts": steps, "created_at": began}
    producer.produce(stats_topic(prefix), encode("TaskStats", statistics), "large")
    assert producer.flush(60) == 0


def run_step(step: Any, *, fails: bool) -> None:
    """Run a step that does nothing, or fails."""
    with suppress(TimeoutError), step:
        if fails:
            raise TimeoutError("the gateway did not answer")


def measured_page(address: str, steps: int) -> dict[str, Any]:
    """Return the figures of the page of a run at an address."""
    with open_chromium() as browser:
        browser.driver.set_page_load_timeout(_PATIENCE_S)
        browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _NOTE})
        (first_s, whole_s), (next_s, _) = (times_of(browser, address) for _ in range(2))
        key_ms, selected = browser.driver.execute_async_script(_KEY)
        assert selected == f"row-{steps}", selected
        browser.run("document.getElementById('grid').scrollTop = 0")
        lasted_ms, longest_ms, rows, frames = browser.driver.execute_async_script(_SCROLL)
        assert browser.complaints() == []
    return {
        "first_visit_s": first_s, "whole_first_visit_s": whole_s, "next_visit_s": next_s, "key_ms": key_ms,
        "rows": rows,
        "frames_per_second": 1000 * frames / lasted_ms, "longest_frame_ms": longest_ms,
    }  # fmt: skip


def times_of(browser: Browser, address: str) -> tuple[float, float]:
    """Open the page, and return the seconds until it was interactive, and until it had all rows."""
    browser.open(address)
    whole_ms = float(browser.wait("window.wholeAfter"))
    return float(browser.run("return window.readyAfter")) / 1000, whole_ms / 1000
