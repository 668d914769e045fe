"""A store worker in this process: checks, start, orderly end, and an exit code with the reason of an abnormal end."""

import asyncio
import logging
import signal
from contextlib import ExitStack
from importlib.metadata import version

from sqlalchemy import Engine

from tasker_consumers.engine.ending import exit_code_of
from tasker_consumers.kafka.broker_silence import BrokerSilence
from tasker_consumers.store.database import open_database, shown
from tasker_consumers.store.migrations.migrate import migrate
from tasker_consumers.store.settings import StoreSettings
from tasker_consumers.store.worker.assembly import assemble
from tasker_consumers.store.worker.loop import StoreLoop
from tasker_consumers.store.worker.pages import serve_pages
from tasker_schemas.avro.codec import Decoder

logger = logging.getLogger("tasker_consumers.engine.worker")


def run_store(settings: StoreSettings, decoder: Decoder) -> int:
    """Run until SIGTERM or SIGINT, or until something breaks, and return the exit code.

    The schema of the database is brought to this version first. 0: stopped as asked. 1: crashed; a supervisor should
    start it again. 2: it could not start, because a setting is wrong, or broker or database are away. After 1 and 2 the
    last line of the log has the reason.
    """
    return exit_code_of(lambda: _run(settings, decoder))


def _run(settings: StoreSettings, decoder: Decoder) -> BaseException | None:
    with ExitStack() as stack:
        engine = open_database(settings.url)
        stack.callback(engine.dispose)
        _log_start(settings, engine)
        if applied := migrate(engine):
            logger.info("Migrated the database to schema %s", applied[-1])
        return asyncio.run(_work(settings, assemble(settings, engine, decoder, stack)))


async def _work(settings: StoreSettings, loop: StoreLoop) -> Exception | None:
    """Return why the worker ended; None when it was asked to."""
    events = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        events.add_signal_handler(number, loop.stop)
    async with serve_pages(settings.group, loop.waiting, loop.registry, settings.web_host, settings.web_port):
        try:
            await loop.run(settings.batch_size, BrokerSilence(settings.broker_timeout))
        except Exception as error:  # noqa: BLE001  whoever called tells it
            return error
    return None


def _log_start(settings: StoreSettings, engine: Engine) -> None:
    logger.info(
        "tasker-events %s: group %s at %s, storing into %s",
        version("tasker-events"), settings.group, settings.kafka["bootstrap.servers"], shown(engine),
    )  # fmt: skip
