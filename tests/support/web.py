"""The web view for tests: its real parts over histories in memory, asked directly or served to a browser."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.testclient import TestClient

from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.stats.reading.sources import Stats
from tasker_consumers.trace_view.readers import Records, trace_ids
from tasker_consumers.trace_view.rebuild import rebuild
from tasker_consumers.web.app import make_app
from tasker_consumers.web.settings import WebSettings
from tasker_consumers.web.site import Site
from tasker_consumers.web.sources.live_tasks import LiveTasks
from tasker_consumers.web.sources.runs import RunCache
from tasker_consumers.web.sources.sources import Sources
from tasker_consumers.web.sources.stored import Stored
from tasker_consumers.web.sources.task_facts import LiveFacts
from tasker_producer.masking.masker import Masker
from tests.support.runs import stored
from tests.support.telemetry.histories import Told

LIMIT_S = 30


class HistoryRuns:
    """A `RunReader` of records in memory."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def of_task(self, task_id: str) -> Records:
        return [record for record in self._records if record.key == task_id.encode()]

    def of_trace(self, traces: set[str], near: Records) -> Records:
        keys = {record.key for record in self._records if trace_ids([record]) & traces}
        return [record for record in self._records if record.key in keys - {record.key for record in near}]


class HistoryStats:
    """A `StatsSource` of tasks in memory; `more` hands over a change."""

    name = "memory"
    unreadable = 0

    def __init__(self, tasks: Sequence[Stats]) -> None:
        self._tasks = tasks
        self._more: list[Stats] = []
        self._changed = threading.Condition()

    def backlog(self) -> Iterator[Stats]:
        yield from self._tasks

    def changes(self, wait_s: float) -> list[Stats]:
        with self._changed:
            self._changed.wait_for(lambda: self._more, wait_s)
            changes, self._more = self._more, []
        return changes

    def more(self, changes: Iterable[Stats]) -> None:
        with self._changed:
            self._more += changes
            self._changed.notify_all()

    def silence_s(self) -> float:
        return 0.0

    def windows(self, kind: str, name: str, length_s: int) -> list[Stats]:
        del kind, name, length_s
        return []


@contextmanager
def site_over(
    source: HistoryStats, runs: HistoryRuns, web: WebSettings | None = None, database: Stored | None = None
) -> Iterator[Site]:
    """Yield the site over those sources, after it has read them."""

    @contextmanager
    def opened() -> Iterator[HistoryStats]:
        yield source

    settings = ConsumerSettings.from_env({})
    live = LiveTasks(opened)
    live.start()
    try:
        assert live.is_ready.wait(LIMIT_S)
        sources = Sources(
            settings=settings, live=live, facts=LiveFacts(settings), runs=RunCache(lambda _: runs), stored=database
        )
        yield Site(settings=web or WebSettings(), sources=sources, masker=Masker())
    finally:
        live.stop()


def sources_of(history: Iterable[Told]) -> tuple[HistoryStats, HistoryRuns]:
    """Return the sources that tell a history."""
    records = stored(history)
    return HistoryStats(rebuild(records).tasks()), HistoryRuns(records)


@contextmanager
def client_over(history: Iterable[Told], web: WebSettings | None = None, **options: Any) -> Iterator[TestClient]:
    """Yield a client of the application over a history."""
    with site_over(*sources_of(history), web) as site:
        yield TestClient(make_app(site), base_url="http://127.0.0.1", **options)


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Serve a site on a free port of this machine, and yield its address."""
    server = uvicorn.Server(
        uvicorn.Config(make_app(site), port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    started = threading.Event()
    startup = server.startup

    async def tell(sockets: Any = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = tell  # type: ignore[method-assign]
    thread.start()
    try:
        assert started.wait(LIMIT_S)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join()
