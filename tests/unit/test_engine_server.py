"""What a worker's web server says about its numbers."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tasker_consumers.engine import EngineSettings
from tasker_consumers.engine.app import build_app
from tasker_consumers.engine.preflight import Topology
from tasker_consumers.engine.server import serve
from tests.support.engine_counting import Counting

SETTINGS = EngineSettings(kafka={"bootstrap.servers": "127.0.0.1:1"}, store="memory")


async def metrics(accept: str) -> tuple[str, str]:
    """Return content type and text of the page, of a worker that has not started."""
    processor = Counting("t")
    app = build_app(processor, SETTINGS, Topology(1, 1), Path("never-written"))
    async with (
        serve(app, processor, SETTINGS) as address,
        aiohttp.ClientSession() as client,
        client.get(f"{address}/metrics", headers={"Accept": accept}) as answer,
    ):
        return answer.headers["Content-Type"], await answer.text()


@pytest.mark.parametrize("accept", ["*/*", "application/openmetrics-text;version=1.0.0"])
def test_the_numbers_of_engine_and_application_are_on_one_page(accept: str) -> None:
    _, text = asyncio.run(metrics(accept))
    assert "tasker_engine_partitions_assigned 0.0" in text
    assert "counting_reactions_total" in text


def test_metrics_are_in_the_format_that_is_asked_for() -> None:
    kind, text = asyncio.run(metrics("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"))
    assert kind.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")
    assert asyncio.run(metrics("text/plain"))[0].startswith("text/plain")
