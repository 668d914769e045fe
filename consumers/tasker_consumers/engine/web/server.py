"""The web server of a worker: its pages, its health, its metrics, and the questions of the application."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiohttp import web
from yarl import URL

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.processor import Processor
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.web.address import advertised_url, url_of
from tasker_consumers.engine.web.answers import open_answers
from tasker_consumers.engine.web.error_answers import errors_as_json
from tasker_consumers.engine.web.health import health_routes, waiting_reason
from tasker_consumers.engine.web.html_routes import documentation_routes, home_route
from tasker_consumers.engine.web.questions import Question
from tasker_schemas.errors import ConfigurationError

#: Whoever hangs up is worked for no longer, and no question holds up the end of the worker.
_RUNNER: Any = {"handler_cancellation": True, "shutdown_timeout": 2.0}

logger = logging.getLogger(__name__)


@asynccontextmanager
async def serve(
    app: EngineApp, processor: Processor[Any, Any], settings: EngineSettings, questions: Sequence[Question] = ()
) -> AsyncIterator[str]:
    """Serve while the block lasts, and yield the address; raises `ConfigurationError` when the port is taken.

    The address by which the group's other workers find this worker is then known to the application.
    """
    server = web.Application(middlewares=[errors_as_json(app.waiting)])
    server.add_routes([home_route(processor.group, lambda: waiting_reason(app, processor), questions)])
    server.add_routes(health_routes(app, processor))
    async with AsyncExitStack() as stack:
        if questions:
            answers = await stack.enter_async_context(open_answers(app))
            server.add_routes([answers.route(question) for question in questions])
            server.add_routes(documentation_routes(processor.group, questions))
        runner = web.AppRunner(server, access_log=None, handle_signals=False, **_RUNNER)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await _listen(runner, settings)
        port = runner.addresses[0][1]
        address, app.conf.canonical_url = url_of(settings.web_host, port), URL(advertised_url(settings, port))
        logger.info("Health and metrics at %s", address)
        if questions:
            logger.info("Questions are answered at %s, documented at /docs", app.conf.canonical_url)
        yield address


async def _listen(runner: web.AppRunner, settings: EngineSettings) -> None:
    try:
        await web.TCPSite(runner, settings.web_host, settings.web_port).start()
    except OSError as error:
        raise ConfigurationError(
            f"The web port {settings.web_host}:{settings.web_port} cannot be used ({error.strerror}): choose another."
        ) from error
