"""The web server of a worker: home page, `/healthz`, `/readyz`, `/metrics`, and the questions of the application."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any

from aiohttp import web
from prometheus_client.exposition import choose_encoder
from yarl import URL

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.faust.consumer import RunConsumer
from tasker_consumers.engine.processor import Processor
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.web.address import advertised_url, url_of
from tasker_consumers.engine.web.answers import json_answer, open_answers
from tasker_consumers.engine.web.home import home_page
from tasker_consumers.engine.web.openapi import openapi
from tasker_consumers.engine.web.page import CONTENT_SECURITY_POLICY, page_of
from tasker_consumers.engine.web.questions import Question
from tasker_schemas.errors import BackendUnavailable, ConfigurationError, UsageError

#: Seconds until a question without an answer is worth asking again: most rebalances are over by then.
RETRY_AFTER_S = 2
#: Whoever hangs up is worked for no longer, and no question holds up the end of the worker.
_RUNNER: Any = {"handler_cancellation": True, "shutdown_timeout": 2.0}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

logger = logging.getLogger(__name__)


@asynccontextmanager
async def serve(
    app: EngineApp, processor: Processor[Any, Any], settings: EngineSettings, questions: Sequence[Question] = ()
) -> AsyncIterator[str]:
    """Serve while the block lasts, and yield the address; raises `ConfigurationError` when the port is taken.

    The address by which the group's other workers find this worker is then known to the application.
    """
    server = web.Application(middlewares=[_errors_as_json(app)])
    server.add_routes([web.get("/", _home(app, processor, questions)), web.get("/metrics", _metrics(app))])
    server.add_routes([web.get("/healthz", _healthz(app)), web.get("/readyz", _readyz(app, processor))])
    async with AsyncExitStack() as stack:
        if questions:
            answers = await stack.enter_async_context(open_answers(app))
            server.add_routes([answers.route(question) for question in questions])
            server.add_routes(_documentation(processor.group, questions))
        runner = web.AppRunner(server, access_log=None, handle_signals=False, **_RUNNER)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, settings.web_host, settings.web_port).start()
        except OSError as error:
            raise ConfigurationError(
                f"The web port {settings.web_host}:{settings.web_port} cannot be used ({error.strerror}): "
                "choose another."
            ) from error
        port = runner.addresses[0][1]
        address, app.conf.canonical_url = url_of(settings.web_host, port), URL(advertised_url(settings, port))
        logger.info("Health and metrics at %s", address)
        if questions:
            logger.info("Questions are answered at %s, documented at /docs", app.conf.canonical_url)
        yield address


def _documentation(group: str, questions: Sequence[Question]) -> list[web.RouteDef]:
    document = openapi(group, questions)
    text = page_of(document)

    async def description(_: web.Request) -> web.Response:
        return json_answer(document)

    async def page(_: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return web.Response(text=text, content_type="text/html", headers=headers)

    return [web.get("/openapi.json", description), web.get("/docs", page)]


def _errors_as_json(app: EngineApp) -> Any:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await _answered(request, handler)
        except Exception:  # a fault in an answer must stop neither the server nor the worker
            if waiting := app.waiting():  # its states were taken away in the middle of the answer
                return _try_again(waiting)
            logger.exception("%s could not be answered", request.rel_url)
            message = "this worker has a fault, and its log says which"
            return json_answer({"error": message}, HTTPStatus.INTERNAL_SERVER_ERROR)

    return middleware


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as refused:
        allowed = ", ".join(sorted(refused.allowed_methods))
        message = f"{request.method} is not for this page; expected {allowed}"
        return json_answer({"error": message}, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": allowed})
    except web.HTTPNotFound:
        pages = ", ".join(sorted({resource.canonical for resource in request.app.router.resources()}))
        message = f"there is no page {request.path}; there are {pages}"
        return json_answer({"error": message}, HTTPStatus.NOT_FOUND)
    except UsageError as error:
        return json_answer({"error": str(error)}, HTTPStatus.BAD_REQUEST)
    except (BackendUnavailable, TimeoutError) as error:
        return _try_again(str(error) or "it took too long: ask for less")


def _try_again(message: str) -> web.Response:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return json_answer({"error": message}, HTTPStatus.SERVICE_UNAVAILABLE, headers)


def _home(app: EngineApp, processor: Processor[Any, Any], questions: Sequence[Question]) -> Any:
    async def home(_: web.Request) -> web.Response:
        text = home_page(processor.group, _waiting(app, processor) or "ok", questions)
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}
        return web.Response(text=text, content_type="text/html", headers=headers)

    return home


def _healthz(app: EngineApp) -> Any:
    async def healthz(_: web.Request) -> web.Response:
        # An answer at all shows that the loop moves.
        return web.Response(text="crashed\n", status=503) if app.crashed else web.Response(text="ok\n")

    return healthz


def _readyz(app: EngineApp, processor: Processor[Any, Any]) -> Any:
    async def readyz(_: web.Request) -> web.Response:
        waiting = _waiting(app, processor)
        return web.Response(text=f"{waiting}\n", status=503) if waiting else web.Response(text="ok\n")

    return readyz


def _waiting(app: EngineApp, processor: Processor[Any, Any]) -> str | None:
    """Return why this worker is not ready, for people; None when it is."""
    return app.waiting() or (None if processor.ready() else "waiting for the backend")


def _metrics(app: EngineApp) -> Any:
    async def metrics(request: web.Request) -> web.Response:
        if app.settled and isinstance(app.consumer, RunConsumer):
            app.metrics.lag.clear()
            for tp, lag in app.consumer.lags().items():
                app.metrics.lag.labels(tp.topic, tp.partition).set(lag)
        app.metrics.pauses.count()
        app.metrics.partitions.set(len(app.held_partitions()))
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))  # Prometheus asks for OpenMetrics
        return web.Response(body=encode(app.metrics.registry), headers={"Content-Type": content_type})

    return metrics
