"""What a worker's web server says before the worker is at work, and where others find it."""

from pathlib import Path
from socket import gethostname
from typing import Any

import aiohttp
import pytest

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.build import build_app
from tasker_consumers.engine.flow.writer import DeadLetterTopic
from tasker_consumers.engine.preflight import Topology
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.web.address import advertised_url
from tasker_consumers.engine.web.server import serve
from tests.support.engine.counting import Counting
from tests.support.engine.questions import ALL, ONE

LETTERS = DeadLetterTopic(name="t.dlq", partitions=1, max_bytes=1 << 20)
SETTINGS = EngineSettings(kafka={"bootstrap.servers": "127.0.0.1:1"}, store="memory")


async def page(
    path: str, accept: str = "*/*", *, placed: bool = False, stalled: str | None = None
) -> tuple[int, str, str]:
    """Return status, content type and text of a page, of a worker that has not started."""
    processor = Counting("t")
    app = build_app(
        processor,
        SETTINGS,
        Topology(1, LETTERS),
        Path("never-written"),
    )
    app.placed, app.stalled = placed, stalled
    app.table.progress.move(120_000, left=280_000)
    async with (
        serve(app, processor, SETTINGS, [ONE, ALL]) as address,
        aiohttp.ClientSession() as client,
        client.get(f"{address}{path}", headers={"Accept": accept}) as answer,
    ):
        return answer.status, answer.headers["Content-Type"], await answer.text()


@pytest.mark.parametrize("accept", ["*/*", "application/openmetrics-text;version=1.0.0"])
async def test_the_numbers_of_engine_and_application_are_on_one_page(accept: str) -> None:
    _, _, text = await page("/metrics", accept)
    assert "tasker_engine_partitions_assigned 0.0" in text
    assert "counting_reactions_total" in text


async def test_metrics_are_in_the_format_that_is_asked_for() -> None:
    _, kind, text = await page("/metrics", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert kind.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")
    assert (await page("/metrics", "text/plain"))[1].startswith("text/plain")


@pytest.mark.parametrize(
    ("placed", "reason"),
    [(False, "waiting for partitions\n"), (True, "restoring: 120,000 of 400,000 changelog records\n")],
)
async def test_a_worker_that_is_not_ready_says_what_it_waits_for(placed: bool, reason: str) -> None:
    status, _, text = await page("/readyz", placed=placed)
    assert (status, text) == (503, reason)


async def test_a_worker_that_stands_still_is_to_be_started_again() -> None:
    status, _, text = await page("/healthz", stalled="t.a/0 stands still")
    assert (status, text) == (503, "t.a/0 stands still\n")
    assert (await page("/healthz"))[0] == 200


async def test_the_first_page_links_all_others_and_says_whether_the_worker_is_ready() -> None:
    status, kind, text = await page("/")
    assert (status, kind.split(";")[0]) == (200, "text/html")
    assert "<strong>waiting for partitions</strong>" in text
    for path in ("/numbers", "/docs", "/openapi.json", "/readyz", "/healthz", "/metrics"):
        assert f'href="{path}"' in text


@pytest.mark.parametrize("path", ["/numbers", "/numbers/7"])
async def test_a_fault_in_an_answer_while_partitions_move_is_a_request_to_ask_again(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_: object) -> set[int]:
        raise KeyError(0)

    monkeypatch.setattr(EngineApp, "owners", closed)
    status, _, text = await page(path, placed=True)
    assert (status, "restoring" in text) == (503, True)


@pytest.mark.parametrize("path", ["/numbers", "/numbers/7"])
async def test_workers_that_share_an_address_are_told_of_and_not_asked(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EngineApp, "owners", lambda _: {1: "http://shared"})
    status, _, text = await page(path, placed=True)
    assert (status, "no worker is known for partitions 0: do two have the same address" in text) == (503, True)


@pytest.mark.parametrize("path", ["/numbers", "/numbers/7"])
async def test_before_the_group_has_told_who_holds_what_nothing_is_answered(path: str) -> None:
    status, kind, text = await page(path)
    assert (status, kind) == (503, "application/json")
    assert "nobody knows yet who has which" in text


def url(**settings: Any) -> str:
    return advertised_url(EngineSettings(**{"kafka": {"bootstrap.servers": "127.0.0.1:1"}, **settings}), 8080)


def test_others_reach_a_worker_where_it_listens_unless_it_is_told() -> None:
    assert url() == "http://127.0.0.1:8080"
    assert url(web_host="::1") == "http://[::1]:8080"
    assert url(web_url="http://10.0.0.7:80/stats/") == "http://10.0.0.7:80/stats"


@pytest.mark.parametrize(
    ("brokers", "host"),
    [("127.0.0.1:9092,b:1", "127.0.0.1"), ("PLAINTEXT://127.0.0.1:1", "127.0.0.1"), ("no.such.host.:1", gethostname())],
)
def test_a_worker_that_listens_everywhere_has_its_address_towards_kafka(brokers: str, host: str) -> None:
    assert url(web_host="0.0.0.0", kafka={"bootstrap.servers": brokers}) == f"http://{host}:8080"
