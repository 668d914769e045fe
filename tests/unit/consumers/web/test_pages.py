"""The pages of the web view over histories."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tasker_consumers.web.settings import WebSettings
from tasker_consumers.web.sources import task_run
from tasker_consumers.web.views.links import read_links
from tasker_schemas.waiting import WAITING_FOR
from tests.support.telemetry.histories import attempt, failed_order, order, told
from tests.support.web import client_over

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(2)> \"'`{{7*7}}{% raw %} \u202e & javascript:alert(3)"
PAGES = ("/task", "/task-steps", "/task-events", "/task-statistics", "/task-waterfall.json")


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_over([*order(), *failed_order("7")]) as client:
        yield client


def test_the_list_shows_the_latest_task_first_with_its_error(client: TestClient) -> None:
    page = client.get("/").text
    assert re.findall(r'id="t-(\w+)"', page) == ["7", "42"] or re.findall(r'id="t-(\w+)"', page) == ["42", "7"]
    assert "gateway.Timeout: no answer" in page


def test_the_list_keeps_to_status_and_name(client: TestClient) -> None:
    assert 'id="t-42"' not in client.get("/", params={"status": "error"}).text
    assert "No task fits" in client.get("/", params={"name": "other"}).text
    assert client.get("/", params={"status": "broken"}).status_code == 400
    assert client.get("/", params={"before": "x"}).status_code == 400


def test_a_task_that_waits_is_shown_with_its_reason_and_listed_by_both_statuses() -> None:
    waits = told("observability.task.waiting", 3, task_id="w", attributes={"waiting_for": "approval"})
    with client_over([*order(), told("task.start_requested", 0, task_id="w"), waits]) as client:
        for status in ("waiting", "in_progress"):
            page = client.get("/", params={"status": status}).text
            assert re.findall(r'id="t-(\w+)"', page) == ["w"]
            assert "for approval since 2023-11-14 22:13:23.000Z" in page
        page = client.get("/task", params={"id": "w"}).text
        assert 's-waiting"' in page
        assert "<dt>Waits for</dt><dd>approval since " in page
        assert client.get("/grid", params={"name": "order_processing"}).text.count("c-waiting") == 1


def test_the_page_of_a_large_run_comes_before_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_run, "LARGE", 10)
    monkeypatch.setattr(task_run, "_BEGINNING", 4)
    history = [record for number in range(10) for record in attempt(f"s{number}", number, number + 0.5)]
    with client_over(history) as client:
        shell = client.get("/task", params={"id": "42"}).text
        assert 'id="reading"' in shell
        first = html.unescape(re.findall(r'data-first="([^"]+)"', shell)[0])
        assert [row[1] for row in client.get(f"/{first}").json()["rows"]][1:] == ["s0_step", "s1_step"]
        assert len(client.get("/task-waterfall.json", params={"id": "42"}).json()["rows"]) == 11
        assert 'id="reading"' not in client.get("/task", params={"id": "42"}).text
        assert client.get("/task-waterfall.json", params={"part": "first"}).status_code == 400


def test_pages_follow_each_other_without_counting_and_without_a_gap() -> None:
    history = [record for number in range(120) for record in attempt("x", number, number + 0.5, task_id=f"t{number}")]
    with client_over(history) as client:
        seen: list[str] = []
        path: str | None = "/"
        while path is not None:
            page = client.get(path).text
            seen += re.findall(r'id="t-(t\d+)"', page)
            following = re.search(r'<a href="\./(\?[^"]+)" rel="next">', page)
            path = "/" + html.unescape(following[1]) if following else None
    assert seen == [f"t{number}" for number in reversed(range(120))]


def test_a_task_has_its_waterfall_events_steps_and_statistics(client: TestClient) -> None:
    assert "gateway.Timeout: no answer" in client.get("/task", params={"id": "7"}).text
    rows = client.get("/task-waterfall.json", params={"id": "7"}).json()["rows"]
    assert rows[0][1] == "order_processing 7"
    details = client.get("/task-span.json", params={"id": "7", "span": rows[1][8]}).json()
    assert ["span", rows[1][8]] in details
    assert client.get("/task-span.json", params={"id": "7", "span": "none"}).status_code == 404
    events = client.get("/task-events", params={"id": "7"}).text
    assert "traceparent" in events
    assert "tasker.events.step/0/" in events
    assert "critical_path" in client.get("/task-statistics", params={"id": "42"}).text
    assert (
        client.get("/task-steps", params={"id": "42"}).text.count("<tr>")
        == len(client.get("/task-waterfall.json", params={"id": "42"}).json()["rows"]) + 1
    )


def test_a_moment_shows_the_run_as_it_was_known(client: TestClient) -> None:
    before = client.get("/task-waterfall.json", params={"id": "7", "at": "+0.5s"}).json()["rows"]
    assert len(before) < len(client.get("/task-waterfall.json", params={"id": "7"}).json()["rows"])
    assert client.get("/task", params={"id": "7", "at": "2001-01-01"}).status_code == 400


def test_an_unknown_task_is_said_to_be_unknown(client: TestClient) -> None:
    answer = client.get("/task", params={"id": "nothing"})
    assert answer.status_code == 404
    assert "no event of task or trace" in answer.text
    assert client.get("/task").status_code == 400


def test_the_search_leads_to_a_task_by_its_id_and_by_its_trace(client: TestClient) -> None:
    assert "order_processing" in client.get("/find", params={"q": "42"}).text
    trace_id = client.get("/task-statistics", params={"id": "42"}).text.split("task?id=")[1][:32]
    assert client.get("/find", params={"q": trace_id}, follow_redirects=False).headers["location"] == "task?id=42"
    assert client.get("/find", params={"q": "nobody"}).status_code == 404


def test_hostile_names_are_text_in_every_field() -> None:
    fields: dict[str, Any] = {
        "step_name": HOSTILE, "error_message": HOSTILE, "error_class": HOSTILE, "task_name": HOSTILE,
        "service": HOSTILE, "service_version": HOSTILE, "correlation_id": HOSTILE, "backtrace": [HOSTILE],
        "step_inputs": json.dumps({HOSTILE: HOSTILE}), "attributes": {HOSTILE: HOSTILE}, "task_id": HOSTILE,
    }  # fmt: skip
    of_task = {name: fields[name] for name in ("task_name", "error_message", "error_class", "service", "task_id")}
    waits = told(
        "observability.step.waiting", 3, step_id=HOSTILE, task_id="w", attributes={WAITING_FOR: HOSTILE, HOSTILE: "x"}
    )
    history = [*attempt(HOSTILE, 0, 1, "failed", **fields), told("task.failed", 2, **of_task), waits]
    with client_over(history, WebSettings(links=read_links("Jaeger=https://j/{task_name}"))) as client:
        assert HOSTILE[:20] in html.unescape(client.get("/task", params={"id": "w"}).text)
        for path in ("/", "/find", "/task?id=w", *PAGES[:-1], *OTHER_PAGES):
            parameters = {"id": HOSTILE, "q": HOSTILE, "name": HOSTILE, "a": HOSTILE, "b": HOSTILE}
            page = client.get(path, params=None if "?" in path else parameters).text
            assert "<script>alert" not in page, path
            assert "<img" not in page, path
            assert not re.search(r'href="javascript:', page), path


OTHER_PAGES = ("/grid", "/errors", "/stats", "/groups", "/diff")


def test_grid_errors_statistics_groups_and_differences_are_pages(client: TestClient) -> None:
    assert "charge" in client.get("/grid").text
    errors = client.get("/errors").text
    group = html.unescape(re.findall(r'href="(error\?[^"]+)"', errors)[0])
    assert "no answer" in client.get(f"/{group}").text
    assert client.get("/error", params={"id": "none"}).status_code == 404
    assert client.get("/errors", params={"since": "1y"}).status_code == 400
    assert 'href="stats?kind=task&amp;name=order_processing"' in client.get("/stats").text
    assert "<polyline" in client.get("/stats", params={"name": "order_processing"}).text
    assert "No task of this name ended yet" in client.get("/stats", params={"name": "x"}).text
    groups = client.get("/groups").text
    assert "up to date" in groups
    assert "unreadable" in groups
    assert "diff?a=42&amp;b=7" in client.get("/diff", params={"b": "7"}).text
    assert "they part" in client.get("/diff", params={"a": "42", "b": "7"}).text
    assert "No event of" in client.get("/diff", params={"a": "42", "b": "nobody"}).text


def test_secrets_that_a_producer_forgot_are_masked_on_every_page() -> None:
    secret = "hunter2hunter2"
    history = attempt(
        "pay", 0, 1, "failed", error_message=f"password={secret}", step_inputs=json.dumps({"api_key": secret}),
        attributes={"authorization": secret}, task_id="s",
    )  # fmt: skip
    history += [told("observability.task.waiting", 2, task_id="s", attributes={WAITING_FOR: f"password={secret}"})]
    with client_over(history) as client:
        for path in ("/", *PAGES, *OTHER_PAGES):
            assert secret not in client.get(path, params={"id": "s", "a": "s", "b": "s"}).text, path
        for row in client.get("/task-waterfall.json", params={"id": "s"}).json()["rows"]:
            assert secret not in client.get("/task-span.json", params={"id": "s", "span": row[8]}).text
