"""Pages of windows: the same rows for every limit, on one partition and on six, while windows empty."""

from typing import Any

import pytest

from tasker_consumers.engine.state.index import StoredStates
from tasker_consumers.engine.state.memory_store import MemoryStore
from tasker_consumers.engine.state.scans import Scans, StoredLocalStates
from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.stats.clocks import StateClock
from tasker_consumers.stats.questions.paging import read_cursor
from tasker_consumers.stats.questions.windows import window_question
from tasker_consumers.stats.window_index import WindowIndex
from tests.support.stats.histories import event
from tests.support.stats.window_worker import WindowWorker

ASKED = {"name": "order", "step": None, "length": "minute", "since": None}
LIMITS = (1, 2, 5, 10, 20, 30, 31, 32, 100)


def retried_tasks() -> list[list[dict[str, Any]]]:
    """Return 30 tasks that complete in 30 minutes, and 20 that fail in 20 later minutes and complete in one."""
    completed = [event("task.completed", 60 * n, f"c{n}", task_name="order") for n in range(30)]
    failed = [event("task.failed", 6000 + 60 * n, f"f{n}", task_name="order") for n in range(20)]
    retried = [event("task.completed", 12_000, f"f{n}", task_name="order") for n in range(20)]
    return [completed + failed, retried]


Worker = tuple[WindowIndex, StoredLocalStates]


def worker_of(partitions: int) -> Worker:
    """Return the windows of a worker that holds so many partitions, after it took all batches."""
    worker, store = WindowWorker(), MemoryStore()
    index = WindowIndex("windows", 7 * 86_400, clock=StateClock(), most_names=100)
    for partition in range(partitions):
        worker = WindowWorker()
        for batch in retried_tasks():
            worker.take([told for told in batch if partition_of(told["task_id"].encode(), partitions) == partition])
        store.write(partition, dict(worker.store.scan(0, b"")))
        index.held(StoredStates(partition, store))
    return index, StoredLocalStates(range(partitions), Scans(store))


async def pages(index: WindowIndex, local: StoredLocalStates, limit: int) -> list[dict[str, Any]]:
    """Return the rows of all pages of a limit."""
    question, rows, cursor = window_question(index), list[dict[str, Any]](), None
    while True:
        asked = {**ASKED, "limit": limit, "after": cursor}
        page = question.combine(asked, await question.part(asked, local))
        rows += page["windows"]
        if page["next"] is None:
            return rows
        assert len(page["windows"]) == limit
        cursor = read_cursor(page["next"], like=(0, "", ""))


@pytest.fixture
def worker(request: pytest.FixtureRequest) -> Worker:
    """The windows of a worker with so many partitions; their events came before the test's event loop."""
    return worker_of(request.param)


@pytest.mark.parametrize("worker", [1, 6], indirect=True)
async def test_every_limit_gives_the_same_windows_though_tasks_left_some(worker: Worker) -> None:
    index, local = worker
    whole = await pages(index, local, 1000)
    assert (len(whole), sum(window["count"] for window in whole)) == (31, 50)
    assert [limit for limit in LIMITS if await pages(index, local, limit) != whole] == []


@pytest.mark.parametrize("worker", [0], indirect=True)
async def test_a_worker_without_a_partition_has_no_rows(worker: Worker) -> None:
    assert await pages(*worker, limit=5) == []
