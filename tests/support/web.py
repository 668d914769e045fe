"""The web view for tests: its real parts over histories in memory, asked directly or served to a browser."""

import asyncio
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from tasker_consumers.kafka.group_states import GroupState, TopicLag
from tasker_consumers.replay.dead_letters import DeadLetter, LetterGroup
from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.stats.reading.sources import Stats
from tasker_consumers.trace_view.readers import Records, trace_ids
from tasker_consumers.trace_view.rebuild import rebuild
from tasker_consumers.units import HOUR_US
from tasker_consumers.web.app import end_streams, make_app
from tasker_consumers.web.serve import WebServer
from tasker_consumers.web.settings import WebSettings
from tasker_consumers.web.site import Site
from tasker_consumers.web.sources.answers import Answers
from tasker_consumers.web.sources.live.live_tasks import LiveTasks, order_of
from tasker_consumers.web.sources.live.task_facts import LiveFacts
from tasker_consumers.web.sources.runs import RunCache
from tasker_consumers.web.sources.sources import Sources
from tasker_consumers.web.sources.stored import Stored
from tasker_consumers.web.views.failures import failure_of
from tasker_consumers.web.views.grid import attempt_of_span
from tasker_producer.masking.masker import Masker
from tests.support.runs import stored
from tests.support.stats.windows import windows_of_durations
from tests.support.telemetry.histories import Told

LIMIT_S = 30


class HistoryRuns:
    """A `RunReader` of records in memory."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def of_task(self, task_id: str, limit: int | None = None) -> Records:
        return [record for record in self.records if record.key == task_id.encode()][:limit]

    def of_trace(self, traces: set[str], near: Records) -> Records:
        keys = {record.key for record in self.records if trace_ids([record]) & traces}
        return [record for record in self.records if record.key in keys - {record.key for record in near}]


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


def answers_about(runs: HistoryRuns) -> Answers[Any]:
    """Return the answers that Kafka would give about a history: failures, attempts, windows, groups, dead letters."""
    run = rebuild(runs.records)
    failed = [event for event in run.payloads if event["event_name"] in ("step.failed", "task.failed")]
    attempts = [made for span in run.spans() if (made := attempt_of_span(span))]
    names = sorted({task["task_name"] for task in run.tasks() if task["task_name"]})
    hour = time.time_ns() // 1000 // HOUR_US
    windows = [window for name in names for window in windows_of_durations([(hour * 60, [0.5, 2])], name, 3600)]
    letter = DeadLetter(runs.records[0], "tasker.events.step", 0, 7, f"unreadable: {names}", 1)
    group = LetterGroup("tasker.events.step", "unreadable", 1, 1, letter)
    answers: Answers[Any] = Answers(kept_s=3600)
    answers.get(("failures", 24), lambda: [failure for event in failed if (failure := failure_of(event))])
    answers.get("windows", lambda: windows)
    answers.get("groups", lambda: [GroupState("tasker-stats", "stable", 1, ["127.0.0.1"], 3, [TopicLag("t", 3)])])
    answers.get("letters", lambda: [("stats", group)])
    for name in names:
        of_name = [task for task in run.tasks() if task["task_name"] == name]
        newest = sorted(of_name, key=order_of, reverse=True)[:30]
        answers.get(("attempts", tuple(task["task_id"] for task in newest)), lambda: attempts)
    return answers


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
    live.follower.start()
    try:
        assert live.is_ready.wait(LIMIT_S)
        sources = Sources(
            settings=settings,
            live=live,
            facts=LiveFacts(settings.kafka, settings.topic_prefix),
            runs=RunCache(lambda _: runs),
            stored=database,
            answers=answers_about(runs),
        )
        yield Site(settings=web or WebSettings(), sources=sources, masker=Masker())
    finally:
        live.follower.stop()


def sources_of(history: Iterable[Told]) -> tuple[HistoryStats, HistoryRuns]:
    """Return the sources that tell a history."""
    records = stored(history)
    return HistoryStats(rebuild(records).tasks()), HistoryRuns(records)


@contextmanager
def client_over(history: Iterable[Told], web: WebSettings | None = None, **options: Any) -> Iterator[TestClient]:
    """Yield a client of the application over a history."""
    with site_over(*sources_of(history), web) as site:
        yield TestClient(make_app(site), base_url="http://127.0.0.1", **options)


class Late:
    """An application that answers requests for a path half a second later."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == self._path:
            await asyncio.sleep(0.5)
        await self._app(scope, receive, send)


@contextmanager
def served(site: Site, late: str = "") -> Iterator[str]:
    """Serve a site on a free port of this machine, the path `late` later than the rest, and yield its address."""
    app = make_app(site)
    server = WebServer(Late(app, late), lambda: end_streams(app))
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
