"""Runs the web view until it is stopped."""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Mapping

import uvicorn
from starlette.types import ASGIApp

from tasker_consumers.engine.watch import GC_THRESHOLDS
from tasker_consumers.engine.web.address import url_of
from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.web.app import end_streams, make_app
from tasker_consumers.web.settings import WebSettings
from tasker_consumers.web.site import Site
from tasker_consumers.web.sources.opening import open_sources
from tasker_producer.masking.masker import Masker
from tasker_producer.settings import ProducerSettings
from tasker_schemas.errors import ConfigurationError

#: Seconds that open pages get to end when the server stops.
_SHUTDOWN_S = 2


def serve(
    settings: ConsumerSettings, web: WebSettings, environ: Mapping[str, str], on_start: Callable[[str], None]
) -> None:
    """Serve until SIGINT, which raises KeyboardInterrupt, or SIGTERM, which exits with 0; `on_start` gets the address.

    Raises ConfigurationError when the port is taken.
    """
    listener = _listen(web)
    # The server sends itself each signal once more after it has stopped; without a handler the sources stayed open.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    producer = ProducerSettings.from_env(environ)
    masker = Masker(producer.filter_parameters, producer.filter_mask)
    gc.set_threshold(*GC_THRESHOLDS)  # the many events of a large run are looked through again and again otherwise
    with listener, open_sources(settings) as sources:
        on_start(url_of(web.host, listener.getsockname()[1]))
        app = make_app(Site(settings=web, sources=sources, masker=masker))
        WebServer(app, lambda: end_streams(app)).run(sockets=[listener])


class WebServer(uvicorn.Server):
    """Serves an application, by default at a free port of this machine, and calls `end_streams` when it stops."""

    def __init__(self, app: ASGIApp, end_streams: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            port=0,
            access_log=False,
            log_config=None,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_SHUTDOWN_S,
            limit_concurrency=1000,
        )
        super().__init__(config)
        self._end_streams = end_streams
        logging.getLogger("uvicorn.error").addFilter(_is_no_cancelled_page)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: streams end at once, other pages get some seconds."""
        self._end_streams()
        await super().shutdown(sockets)


def _is_no_cancelled_page(record: logging.LogRecord) -> bool:
    """Return False for the traceback of a page that was not ready in time at the end; another line counts these."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError)


def _listen(web: WebSettings) -> socket.socket:
    try:
        family = socket.getaddrinfo(web.host, web.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((web.host, web.port), family=family, backlog=256)
    except OSError as error:
        raise ConfigurationError(
            f"the web view cannot listen at {web.host}:{web.port} ({error.strerror}): choose another --port"
        ) from error
