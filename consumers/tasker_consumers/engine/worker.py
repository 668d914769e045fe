"""A worker in this process: checks, start, orderly end, and an exit code with the reason of an abnormal end."""

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.build import build_app
from tasker_consumers.engine.faust.fingerprints import check_libraries
from tasker_consumers.engine.preflight import Topology, prepare_topics
from tasker_consumers.engine.processor import Processor
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.state.state_dir import claim_state_dir
from tasker_consumers.engine.watch import (
    GC_THRESHOLDS,
    collect_garbage,
    replaced_by_another,
    watch_broker,
    watch_topics,
)
from tasker_consumers.engine.web.questions import Question
from tasker_consumers.engine.web.server import serve
from tasker_schemas.errors import TaskerEventsError
from tasker_schemas.extensions import native_state

EXIT_OK, EXIT_CRASH, EXIT_USAGE = 0, 1, 2
#: How long Faust may take to stop after the drain; then the process ends without it.
_STOP_SECONDS = 15.0
_REGISTER_SECONDS = 5.0

logger = logging.getLogger(__name__)


def run_worker(processor: Processor[Any, Any], settings: EngineSettings, questions: Sequence[Question] = ()) -> int:
    """Run until SIGTERM or SIGINT, or until something breaks, and return the exit code.

    `questions` are the questions that this worker and the others of its group answer over HTTP meanwhile.

    0: stopped as asked, with all finished work committed. 1: crashed; a supervisor should start it again. 2: it could
    not start, because a setting is wrong or the broker is away. After 1 and 2 the last line of the log has the reason.
    """
    gc.set_threshold(*GC_THRESHOLDS)
    threading.excepthook = _log_thread_error
    try:
        check_libraries()
        topology = prepare_topics(processor, settings)
        with claim_state_dir(settings.state_dir, processor.group) as state_dir:
            _log_start(processor, settings, topology, state_dir)
            reason = asyncio.run(_work(processor, settings, questions, topology, state_dir))
    except TaskerEventsError as error:
        return _end(error, EXIT_USAGE)
    except Exception as error:  # noqa: BLE001  no end is without a word
        return _end(error, EXIT_CRASH)
    if reason is not None:
        return _end(reason, EXIT_CRASH)
    logger.info("Stopped: all finished work is committed")
    return EXIT_OK


async def _work(
    processor: Processor[Any, Any],
    settings: EngineSettings,
    questions: Sequence[Question],
    topology: Topology,
    state_dir: Path,
) -> BaseException | None:
    """Return why the worker ended; None when it was asked to."""
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    app = build_app(processor, settings, topology, state_dir)
    async with serve(app, processor, settings, questions):
        await processor.start()
        try:
            return await _live(app, asked_to_stop, settings, topology)
        finally:
            await processor.stop()


async def _live(
    app: EngineApp, asked_to_stop: asyncio.Event, settings: EngineSettings, topology: Topology
) -> BaseException | None:
    tasks = [
        asyncio.create_task(_run(app), name="Faust"),
        asyncio.create_task(asked_to_stop.wait(), name="signals"),
        asyncio.create_task(watch_broker(app, settings.broker_timeout), name="watch of the broker"),
        asyncio.create_task(watch_topics(settings.kafka, topology), name="watch of the topics"),
        asyncio.create_task(collect_garbage(app), name="garbage"),
    ]
    ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    reason = replaced_by_another(app) or app.crash_reason or _reason(ended)
    if reason is not None:
        app.trouble = str(reason)
    with suppress(TimeoutError):
        async with asyncio.timeout(settings.drain_timeout + _STOP_SECONDS) as limit:
            await _stop(app)
    if limit.expired():  # asked for, because Faust's services swallow the cancellation
        _end(reason or TimeoutError("Faust does not stop: ending without it"), EXIT_CRASH)
        logging.shutdown()
        os._exit(EXIT_CRASH)  # its threads would keep the process, its memory and its place in the group
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return reason or app.crash_reason


def _reason(ended: set[asyncio.Task[Any]]) -> BaseException | None:
    """Return the exception of the first task that failed; None when they ended as they should."""
    return next((error for task in ended if not task.cancelled() and (error := task.exception())), None)


async def _run(app: EngineApp) -> None:
    try:
        await app.start()
    except Exception as error:  # noqa: BLE001  whatever it is, the worker did not start
        await app.crash(error)
    await app.wait_until_stopped()


async def _stop(app: EngineApp) -> None:
    reason = app.crash_reason  # stopping forgets it
    if reason is None:
        with suppress(TimeoutError):
            # Stopped before this point of its start, Faust would join the group without its changelog.
            await asyncio.wait_for(app.tables.wait_until_tables_registered(), _REGISTER_SECONDS)
        if app.started:
            await app.settle()
    await app.partition_tasks.close()
    await app.stop()
    app.crash_reason = app.crash_reason or reason


def _log_start(processor: Processor[Any, Any], settings: EngineSettings, topology: Topology, state_dir: Path) -> None:
    store = "in memory" if settings.store == "memory" else f"in {state_dir}"
    logger.info(
        "tasker-events %s (native: %s): group %s at %s, states %s",
        version("tasker-events"),
        native_state(),
        processor.group,
        settings.kafka["bootstrap.servers"],
        store,
    )
    sources, outputs = ", ".join(processor.sources), ", ".join(processor.outputs) or "no topic"
    logger.info("Reading %s (%d partitions each), writing %s", sources, topology.partitions, outputs)


def _end(reason: BaseException, code: int) -> int:
    """Log the last line of a worker that ends abnormally; errors that nobody expected with their traceback."""
    is_expected = isinstance(reason, TaskerEventsError)
    if not is_expected:
        logger.error("The worker ends with an error that nobody expected", exc_info=reason)
    notes = "".join(f" ({note})" for note in getattr(reason, "__notes__", ()))
    text = " ".join(str(reason).split())
    logger.error("tasker: %s%s", text if is_expected else f"{type(reason).__name__}: {text}", notes)
    return code


def _log_thread_error(error: threading.ExceptHookArgs) -> None:
    """Log the error that ends a thread, which Python would write as bare text between the lines of the log."""
    name = error.thread.name if error.thread else "a thread"
    if error.exc_type is not SystemExit:
        logger.debug("Thread %s ended: %s", name, error.exc_value, exc_info=error.exc_value)
