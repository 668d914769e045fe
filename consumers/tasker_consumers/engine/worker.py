"""One worker in this process: checks, start, orderly end, and an exit code that says how it went."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tasker_consumers.engine.app import EngineApp, build_app
from tasker_consumers.engine.faust.consumer import RunConsumer
from tasker_consumers.engine.preflight import Topology, prepare_topics
from tasker_consumers.engine.processor import Processor
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.state.state_dir import claim_state_dir
from tasker_consumers.engine.web.questions import Question
from tasker_consumers.engine.web.server import serve
from tasker_schemas.errors import BackendUnavailable, TaskerEventsError

EXIT_OK, EXIT_CRASH, EXIT_USAGE = 0, 1, 2
#: What Faust may take to stop after the drain; then the process ends without it.
_STOP_SECONDS = 15.0
_REGISTER_SECONDS = 5.0
#: Records and states live for a run and form no cycles, yet their number sets off the collector all the time: with
#: Python's own thresholds it took a quarter of a worker's time, with a million still a sixth. So it works when nothing
#: is in work or there is little to look through; what grows beyond five million objects is worth a look at any time.
_GC_THRESHOLDS = (5_000_000, 10, 10)
_GC_SECONDS, _LITTLE = 10.0, 200_000

logger = logging.getLogger(__name__)


def run_worker(processor: Processor[Any, Any], settings: EngineSettings, questions: Sequence[Question] = ()) -> int:
    """Run until SIGTERM or SIGINT, or until something breaks, and return the exit code.

    `questions` are what this worker and the others of its group can be asked over HTTP meanwhile.

    0: stopped as asked, with all finished work committed. 1: crashed; a supervisor should start it again. 2: it could
    not start, because a setting is wrong or the broker is away; one line on stderr says what to do.
    """
    gc.set_threshold(*_GC_THRESHOLDS)
    try:
        topology = prepare_topics(processor, settings)
        with claim_state_dir(settings.state_dir, processor.group) as place:
            code = asyncio.run(_work(processor, settings, questions, topology, place))
    except TaskerEventsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_USAGE
    return code


async def _work(
    processor: Processor[Any, Any],
    settings: EngineSettings,
    questions: Sequence[Question],
    topology: Topology,
    place: Path,
) -> int:
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    app = build_app(processor, settings, topology, place)
    async with serve(app, processor, settings, questions):
        await processor.start()
        try:
            return await _live(app, asked_to_stop, settings)
        finally:
            await processor.stop()


async def _live(app: EngineApp, asked_to_stop: asyncio.Event, settings: EngineSettings) -> int:
    tasks = [
        asyncio.create_task(_run(app)),
        asyncio.create_task(asked_to_stop.wait()),
        asyncio.create_task(_watch_broker(app, settings.broker_timeout)),
        asyncio.create_task(_collect_garbage(app)),
    ]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    with suppress(TimeoutError):
        async with asyncio.timeout(settings.drain_timeout + _STOP_SECONDS) as limit:
            await _stop(app)
    if limit.expired():  # asked for, because Faust's services swallow the cancellation
        logger.error("Faust does not stop: ending without it")
        logging.shutdown()
        os._exit(EXIT_CRASH)  # its threads would keep the process, its memory and its place in the group
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return EXIT_CRASH if app.crash_reason is not None else EXIT_OK


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
    await app.stop()
    app.crash_reason = app.crash_reason or reason


async def _watch_broker(app: EngineApp, limit: float) -> None:
    while True:
        await asyncio.sleep(1.0)
        if app.started and isinstance(app.consumer, RunConsumer) and app.consumer.heartbeat_age > limit:
            await app.crash(BackendUnavailable(f"The broker has not answered for {limit:.0f} s: giving up."))
            return


async def _collect_garbage(app: EngineApp) -> None:
    while True:
        await asyncio.sleep(_GC_SECONDS)
        if not app.executor.busy or gc.get_count()[0] < _LITTLE:
            gc.collect(1)
