"""A worker at work: everything is started, watched, and stopped in its order."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.build import build_app
from tasker_consumers.engine.ending import EXIT_CRASH, EXIT_OK, end
from tasker_consumers.engine.preflight import Topology
from tasker_consumers.engine.processor import Processor
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.watch import (
    GC_THRESHOLDS,
    collect_garbage,
    replaced_by_another,
    watch_broker,
    watch_distribution,
    watch_progress,
    watch_topics,
)
from tasker_consumers.engine.web.questions import Question
from tasker_consumers.engine.web.server import serve
from tasker_schemas.errors import BackendUnavailable

#: How long Faust may take to stop after the drain; then the process ends without it.
_STOP_SECONDS = 15.0
_REGISTER_SECONDS = 5.0

logger = logging.getLogger(__name__)


async def work(
    processor: Processor[Any, Any],
    settings: EngineSettings,
    questions: Sequence[Question],
    topology: Topology,
    state_dir: Path,
) -> BaseException | None:
    """Work until a signal or a fault, and return the reason of the end; None when SIGTERM or SIGINT asked for it.

    `topology` is that of the topics as the preflight found them. A Faust that does not stop ends the whole process.
    """
    gc.set_threshold(*GC_THRESHOLDS)
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    app = build_app(processor, settings, topology, state_dir)
    gc.freeze()  # modules and the app stay to the end; each partition that is released has the rest looked through
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
        asyncio.create_task(
            watch_topics(app, settings.kafka, topology, settings.broker_timeout), name="watch of the topics"
        ),
        asyncio.create_task(watch_distribution(app, settings.kafka), name="watch of the distribution"),
        asyncio.create_task(watch_progress(app, settings.kafka, settings.broker_timeout), name="watch of the progress"),
        asyncio.create_task(collect_garbage(app), name="garbage"),
    ]
    ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    reason = replaced_by_another(app) or app.crash_reason or _reason(ended)
    if reason is not None:
        app.trouble = str(reason)
    is_starting = reason is None and not app.settled
    with suppress(TimeoutError):
        async with asyncio.timeout(settings.drain_timeout + _STOP_SECONDS) as limit:
            await _stop(app, is_starting=is_starting)
    if limit.expired():  # asked for, because Faust's services swallow the cancellation
        code = EXIT_OK if is_starting else EXIT_CRASH
        end(reason or BackendUnavailable("the Kafka client does not stop: ending without it"), code)
        logging.shutdown()
        os._exit(code)  # its threads would keep the process, its memory and its place in the group
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


async def _stop(app: EngineApp, *, is_starting: bool) -> None:
    reason = app.crash_reason  # stopping forgets it
    try:
        await _settle_and_stop(app, reason)
    except Exception:
        if not is_starting:
            raise
        logger.debug("The end of a start that was interrupted", exc_info=True)
    # There was no work to lose yet, so a start that trips over its own end is no crash.
    app.crash_reason = None if is_starting else app.crash_reason or reason


async def _settle_and_stop(app: EngineApp, reason: BaseException | None) -> None:
    if reason is None:
        with suppress(TimeoutError):
            # Stopped before this point of its start, Faust would join the group without its changelog.
            await asyncio.wait_for(app.tables.wait_until_tables_registered(), _REGISTER_SECONDS)
        if app.started:
            await app.settle()
    await app.partition_tasks.close()
    await app.stop()
