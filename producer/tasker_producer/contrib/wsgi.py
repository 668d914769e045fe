"""Middleware for WSGI (Flask, Bottle, Pyramid): each request that changes something is a task."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from tasker_producer.contrib.requests import SAFE_METHODS, fail_for_status
from tasker_producer.default_publisher import default_publisher
from tasker_producer.publisher import EventPublisher
from tasker_producer.tasks.task_scope import TaskScope

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class TaskerMiddleware:
    """Makes a task of each request with another method than GET, HEAD, OPTIONS and TRACE.

    The task lasts until the whole response is sent, a streamed one too. It fails when the application raises or answers
    with a status from 500, and is cancelled when the server closes a response before its end. `publisher` defaults to
    the process's default.
    """

    def __init__(self, app: Application, publisher: EventPublisher | None = None) -> None:
        self._app = app
        self._publisher = publisher

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Run the application, inside a task for a request that changes something."""
        method = environ["REQUEST_METHOD"]
        if method in SAFE_METHODS:
            return self._app(environ, start_response)
        publisher = self._publisher or default_publisher()
        attributes = {"http.request.method": method, "url.path": environ.get("PATH_INFO", "")}
        task = publisher.task("request", additional_context=attributes)

        def start_checked(status: str, headers: list[tuple[str, str]], error: ErrorInfo = None) -> Any:
            code = status[:3]
            fail_for_status(task, int(code) if code.isdigit() else None, _exception(error))
            return start_response(status, headers, *([] if error is None else [error]))

        with ExitStack() as stack:
            stack.enter_context(task)
            body = self._app(environ, start_checked)
            if not isinstance(body, (list, tuple)):
                stack.pop_all()  # the response is not sent yet
                return _Body(body, task)
        return body


class _Body:
    """A response's body that leaves its task's block when it has ended, or is closed."""

    def __init__(self, body: Iterable[bytes], task: TaskScope) -> None:
        self._body = body
        self._parts: Iterator[bytes] | None = None
        self._task = task

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            if self._parts is None:
                self._parts = iter(self._body)
            return next(self._parts)
        except StopIteration:
            self._leave(None)
            raise
        except BaseException as error:
            self._leave(error)
            raise

    def close(self) -> None:
        """Close the application's body; the task of a response that had not ended is cancelled."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            self._leave(error)
            raise
        self._leave(GeneratorExit("the response was closed before its end"))

    def _leave(self, error: BaseException | None) -> None:
        self._task.__exit__(None if error is None else type(error), error, None)


def _exception(error: ErrorInfo) -> Exception | None:
    return error[1] if error is not None and isinstance(error[1], Exception) else None
