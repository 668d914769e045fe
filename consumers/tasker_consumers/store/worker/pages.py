"""The web server of a store worker: home page, `/healthz`, `/readyz`, `/metrics`."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from tasker_consumers.engine.web.address import url_of
from tasker_consumers.engine.web.home import home_page
from tasker_consumers.engine.web.page import CONTENT_SECURITY_POLICY
from tasker_schemas.errors import ConfigurationError

#: The same words as in every worker's log, which people and tests wait for.
logger = logging.getLogger("tasker_consumers.engine.web.server")


@asynccontextmanager
async def serve_pages(
    group: str, waiting: Callable[[], str | None], registry: CollectorRegistry, host: str, port: int
) -> AsyncIterator[str]:
    """Serve while the block lasts, and yield the address; raises ConfigurationError when the port is taken.

    `waiting` returns why the worker is not ready, for people; None when it is.
    """
    server = web.Application()
    server.add_routes(
        [web.get("/", _home(group, waiting)), web.get("/healthz", _healthz), web.get("/readyz", _readyz(waiting))]
    )
    server.add_routes([web.get("/metrics", _metrics(registry))])
    runner = web.AppRunner(server, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigurationError(
                f"The web port {host}:{port} cannot be used ({error.strerror}): choose another."
            ) from error
        address = url_of(host, runner.addresses[0][1])
        logger.info("Health and metrics at %s", address)
        yield address
    finally:
        await runner.cleanup()


def _home(group: str, waiting: Callable[[], str | None]) -> Any:
    async def home(_: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}
        return web.Response(text=home_page(group, waiting() or "ok", ()), content_type="text/html", headers=headers)

    return home


async def _healthz(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")  # an answer at all shows that the loop moves


def _readyz(waiting: Callable[[], str | None]) -> Any:
    async def readyz(_: web.Request) -> web.Response:
        reason = waiting()
        return web.Response(text=f"{reason}\n", status=503) if reason else web.Response(text="ok\n")

    return readyz


def _metrics(registry: CollectorRegistry) -> Any:
    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))  # Prometheus asks for OpenMetrics
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    return metrics
