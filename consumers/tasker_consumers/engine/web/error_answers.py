"""Every error of a request as JSON with a status, a message, and a remedy where there is any."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from tasker_consumers.engine.web.answers import json_answer
from tasker_schemas.errors import BackendUnavailable, UsageError

#: Seconds until a question without an answer is worth asking again: most rebalances are over by then.
RETRY_AFTER_S = 2

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

logger = logging.getLogger(__name__)


def errors_as_json(waiting: Callable[[], str | None]) -> Any:
    """Return the middleware that turns errors into answers; `waiting` tells why the worker is not ready, or None."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await _answered(request, handler)
        except Exception:  # a fault in an answer must stop neither the server nor the worker
            if reason := waiting():  # its states were taken away in the middle of the answer
                return _try_again(reason)
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
