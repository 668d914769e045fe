"""Middleware for ASGI (Starlette, FastAPI, Django, Quart): each request that changes something is a task."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tasker_producer.contrib.requests import SAFE_METHODS, fail_for_status
from tasker_producer.default_publisher import default_publisher
from tasker_producer.publisher import EventPublisher

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class TaskerMiddleware:
    """Makes a task of each HTTP request with another method than GET, HEAD, OPTIONS and TRACE.

    The task lasts until the whole response is sent, a streamed one too. It fails when the application raises or answers
    with a status from 500. `publisher` defaults to the process's default.
    """

    def __init__(self, app: Application, publisher: EventPublisher | None = None) -> None:
        self._app = app
        self._publisher = publisher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, inside a task for a request that changes something."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        publisher = self._publisher or default_publisher()
        attributes = {"http.request.method": scope["method"], "url.path": scope["path"]}
        async with publisher.task("request", additional_context=attributes) as task:

            async def send_checked(message: Message) -> None:
                if message["type"] == "http.response.start":
                    fail_for_status(task, message["status"])
                await send(message)

            await self._app(scope, receive, send_checked)
