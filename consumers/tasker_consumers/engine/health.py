"""A worker's own small web server: `/healthz`, `/readyz` and `/metrics`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.processor import Processor
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.transport import RunConsumer
from tasker_schemas.errors import ConfigurationError

logger = logging.getLogger(__name__)


@asynccontextmanager
async def serve_health(app: EngineApp, processor: Processor[Any, Any], settings: EngineSettings) -> AsyncIterator[str]:
    """Serve while the block lasts, and yield the address; raises `ConfigurationError` when the port is taken."""
    server = web.Application()
    server.add_routes(
        [
            web.get("/healthz", _healthz(app)),
            web.get("/readyz", _readyz(app, processor)),
            web.get("/metrics", _metrics(app)),
        ]
    )
    runner = web.AppRunner(server, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.web_host, settings.web_port).start()
    except OSError as error:
        await runner.cleanup()
        raise ConfigurationError(
            f"The web port {settings.web_host}:{settings.web_port} cannot be used ({error.strerror}): choose another."
        ) from error
    address = f"http://{settings.web_host}:{runner.addresses[0][1]}"
    logger.info("Health and metrics at %s", address)
    try:
        yield address
    finally:
        await runner.cleanup()


def _healthz(app: EngineApp) -> Any:
    async def healthz(_: web.Request) -> web.Response:
        # An answer at all shows that the loop moves.
        return web.Response(text="crashed\n", status=503) if app.crashed else web.Response(text="ok\n")

    return healthz


def _readyz(app: EngineApp, processor: Processor[Any, Any]) -> Any:
    async def readyz(_: web.Request) -> web.Response:
        if not app.settled:
            return web.Response(text="waiting for partitions and their states\n", status=503)
        if not processor.ready():
            return web.Response(text="waiting for the backend\n", status=503)
        return web.Response(text="ok\n")

    return readyz


def _metrics(app: EngineApp) -> Any:
    async def metrics(request: web.Request) -> web.Response:
        if app.settled and isinstance(app.consumer, RunConsumer):
            app.metrics.lag.clear()
            for tp, lag in app.consumer.lags().items():
                app.metrics.lag.labels(tp.topic, tp.partition).set(lag)
        app.metrics.partitions.set(len(app.held_partitions()))
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))  # Prometheus asks for OpenMetrics
        return web.Response(body=encode(app.metrics.registry), headers={"Content-Type": content_type})

    return metrics
