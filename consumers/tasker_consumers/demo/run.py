"""The work of the demo on its stage: publish, wait until the groups have processed all events, collect the result."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing
from typing import NoReturn

from tasker_consumers.demo.consumer_lag import ConsumerLag
from tasker_consumers.demo.failure import DemoFailed
from tasker_consumers.demo.progress import Progress
from tasker_consumers.demo.result import DemoResult, read_spans
from tasker_consumers.demo.stage import LOOK_EVERY_S, Stage, readers
from tasker_consumers.demo.workers import start_web
from tasker_consumers.stats.reading.sources import LatestStats
from tasker_consumers.stats.reading.topics import TopicReader, open_topic
from tasker_consumers.stop_signals import pause
from tasker_schemas.topics import stats_topic

#: The demo gives up when nothing at all has changed for so long.
PATIENCE_S = 60.0
_CHECK_EVERY_S = 1.0

Publish = Callable[[Mapping[str, str], Callable[[str], None]], list[str]]
"""Publishes everything in an environment, tells its progress by lines, and returns the faults of the input as lines."""


def perform(stage: Stage, publish: Publish, progress: Progress) -> DemoResult:
    """Publish, follow the statistics until both groups have dealt with everything, and return the result.

    Raises DemoFailed when a process ends too early or nothing moves any more, and KeyboardInterrupt for a stop signal;
    what is published then ends at its next line.
    """
    latest, is_over = LatestStats(), threading.Event()

    def tell(line: str) -> None:
        if is_over.is_set():
            raise DemoFailed("the demo is over")
        progress.note(line)

    with ThreadPoolExecutor(1) as pool, open_topic(stage.kafka, stats_topic(stage.prefix)) as reader:
        publishing = pool.submit(publish, stage.environ, tell)
        try:
            _follow(stage, reader, latest, publishing, progress)
        except BaseException:
            is_over.set()
            raise
        tasks = sorted(latest.tasks.values(), key=lambda s: (s["created_at"] or s["started_at"] or 0, s["task_id"]))
        return DemoResult(tasks=tasks, spans=read_spans(stage.spans_file), faults=publishing.result())


def web_of(stage: Stage) -> AbstractContextManager[str | None]:
    """Return the web view of a stage, to be started for a block that gets its address; None where it is missing."""
    return start_web(stage.directory, stage.variables)


def hold(stage: Stage) -> NoReturn:
    """Watch the groups until Ctrl-C or SIGTERM interrupts; raises DemoFailed when any of them ends by itself."""
    while True:
        for worker in stage.workers:
            worker.check()
        pause(_CHECK_EVERY_S)


def _follow(
    stage: Stage, reader: TopicReader, latest: LatestStats, publishing: Future[list[str]], progress: Progress
) -> None:
    with ExitStack() as stack:
        consumers = [
            stack.enter_context(closing(ConsumerLag(stage.kafka, *reader))) for reader in readers(stage.prefix)
        ]
        moved, last_lag = time.monotonic(), -1
        while True:
            pause()
            changed = [stats["task_id"] for stats in reader.changes(LOOK_EVERY_S) if latest.learn(stats)]
            progress.tasks(latest.tasks, changed)
            for worker in stage.workers:
                worker.check()
            published = publishing.done()  # asked before the lags are: a later event is not in them
            if published:
                publishing.result()
            lag = sum(consumer.count() for consumer in consumers)
            if published and lag == 0 and reader.has_read_all():
                return
            if changed or lag != last_lag:
                moved, last_lag = time.monotonic(), lag
            elif time.monotonic() - moved > PATIENCE_S:
                raise DemoFailed(f"nothing has moved for {PATIENCE_S:.0f} s; {lag} records wait for the groups")
