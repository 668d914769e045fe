"""A run that the topics have lost: the store's rows make the same waterfall."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.store.core.batch import Batch
from tasker_consumers.store.core.other_rows import stats_row
from tasker_consumers.store.core.records import FetchedRecord, RecordReader, source_topics
from tasker_consumers.store.database import open_database
from tasker_consumers.store.reading import tasks
from tasker_consumers.store.reading.reader import StoreReader
from tasker_consumers.store.writing.open_writer import open_writer
from tasker_consumers.trace_view.rebuild import Run, rebuild
from tasker_consumers.trace_view.tree import build_tree
from tasker_consumers.web.app import make_app
from tasker_consumers.web.sources.stored import Stored
from tasker_consumers.web.sources.stored_run import records_of_store
from tasker_schemas.avro.codec import Decoder, encode
from tests.support.runs import flat, run_of, stored
from tests.support.telemetry.histories import T0, attempt, failed_order, order, told
from tests.support.web import HistoryRuns, HistoryStats, site_over

ODD = "<b>\0' \u202e"
HISTORY = [
    *order(),
    *failed_order("7"),
    *attempt("open", 1, 2, task_id="8", step_inputs='{"a":1}')[:1],
    told("shop.seen", 1.5, task_id="8", attributes={"amount": 7, ODD: ODD}),
]


@pytest.fixture
def reader(store_url: str) -> Iterator[StoreReader]:
    """A reader of a store that has read the history."""
    engine = open_database(store_url)
    writer, batch, records = open_writer(engine), Batch(), RecordReader("tasker", Decoder())
    for record in (record for record in stored(HISTORY) if record.topic in source_topics("tasker")):
        place = (record.topic, record.partition, record.offset, record.timestamp or 0)
        records.add(batch, FetchedRecord(*place, record.key, record.value, record.headers))
    for task in run_of(HISTORY).tasks():
        batch.add_stats(task["task_id"], stats_row(Decoder().decode("TaskStats", encode("TaskStats", task))))
    batch.positions.clear()
    writer.write(batch, {})
    writer.close()
    engine.dispose()
    opened = StoreReader.open(store_url)
    yield opened
    opened.close()


def waterfall(run: Run, task_id: str) -> list[tuple[Any, ...]]:
    """Return the lines of a task: title, times, wait, state, critical path, errors."""
    own = [span for span in run.spans() if span.attributes.get("task_id") == task_id]
    roots = build_tree(own, run.tasks(), T0 * 1000 + 60_000_000_000)
    return [
        (node.title, node.start, node.end, node.wait, node.failed, node.running, node.critical, node.errors)
        for node in flat(roots)
    ]


@pytest.mark.parametrize("task_id", ["42", "7"])
def test_the_rows_of_a_task_make_the_waterfall_of_its_events(reader: StoreReader, task_id: str) -> None:
    task = tasks.task(reader, task_id)
    assert task is not None
    run = rebuild(records_of_store(reader, task))
    assert run.unreadable == []
    assert waterfall(run, task_id) == waterfall(run_of(HISTORY), task_id)


@pytest.mark.usefixtures("reader")
def test_a_task_that_left_memory_and_topics_has_its_page(store_url: str) -> None:
    settings = ConsumerSettings.from_env({"TASKER_STORE_URL": store_url})
    database = Stored(settings)
    try:
        with site_over(HistoryStats([]), HistoryRuns(stored(order("other"))), database=database) as site:
            client = TestClient(make_app(site), base_url="http://127.0.0.1")
            assert "From the rows of the store" in client.get("/task", params={"id": "7"}).text
            rows = client.get("/task-waterfall.json", params={"id": "42"}).json()["rows"]
            assert [row[1] for row in rows][:2] == ["order_processing 42", "fetch_step"]
            details = client.get("/task-span.json", params={"id": "8", "span": _span_of(client, "8")}).json()
            assert ["step_inputs", '{"a":1}'] in details
            assert "shop.seen" in client.get("/task-events", params={"id": "8"}).text
            early = client.get("/task-waterfall.json", params={"id": "42", "at": "+1.5s"}).json()["rows"]
            assert len(early) == 2
    finally:
        database.close()


def _span_of(client: TestClient, task_id: str) -> str:
    rows = client.get("/task-waterfall.json", params={"id": task_id}).json()["rows"]
    return str(next(row[8] for row in rows if row[1].startswith("open")))
