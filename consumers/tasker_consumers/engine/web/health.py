"""What a worker says about itself: `/healthz`, `/readyz` and `/metrics`."""

from typing import Any

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.faust.consumer import RunConsumer
from tasker_consumers.engine.processor import Processor


def health_routes(app: EngineApp, processor: Processor[Any, Any]) -> list[web.RouteDef]:
    """Return the routes for probes and for Prometheus."""

    async def healthz(_: web.Request) -> web.Response:
        # An answer at all shows that the loop moves.
        unhealthy = "crashed" if app.crashed else app.stalled
        return web.Response(text=f"{unhealthy}\n", status=503) if unhealthy else web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        waiting = waiting_reason(app, processor)
        return web.Response(text=f"{waiting}\n", status=503) if waiting else web.Response(text="ok\n")

    async def metrics(request: web.Request) -> web.Response:
        _measure(app)
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))  # Prometheus asks for OpenMetrics
        return web.Response(body=encode(app.metrics.registry), headers={"Content-Type": content_type})

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]


def waiting_reason(app: EngineApp, processor: Processor[Any, Any]) -> str | None:
    """Return why this worker is not ready, for people; None when it is."""
    return app.waiting() or (None if processor.ready() else "waiting for the backend")


def _measure(app: EngineApp) -> None:
    """Set the metrics that are read at the moment somebody asks."""
    if app.settled and isinstance(app.consumer, RunConsumer):
        app.metrics.lag.clear()
        for tp, lag in app.consumer.lags().items():
            app.metrics.lag.labels(tp.topic, tp.partition).set(lag)
    app.metrics.pauses.count()
    app.metrics.partitions.set(len(app.held_partitions()))
