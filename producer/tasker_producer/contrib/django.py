"""Middleware for Django: each request that changes something is a task, and a view that raises fails it."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tasker_producer.contrib.requests import SAFE_METHODS, fail_for_status
from tasker_producer.default_publisher import default_publisher
from tasker_producer.tasks.task_scope import TaskScope

_TASK = "tasker_task"
_EXCEPTION = "tasker_exception"


class TaskerMiddleware:
    """Makes a task of each request with another method than GET, HEAD, OPTIONS and TRACE.

    The task is named after the route, fails when the view raises or answers with a status from 500, and is
    `request.tasker_task` in the view. Views may be functions and coroutines.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a request inside its task."""
        if self._is_async:
            return self._answer_async(request)
        if request.method in SAFE_METHODS:
            return cast("HttpResponseBase", self._get_response(request))
        with _task_of(request) as task:
            return _checked(request, task, self._get_response(request))

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in SAFE_METHODS:
            return cast("HttpResponseBase", await self._get_response(request))
        async with _task_of(request) as task:
            return _checked(request, task, await self._get_response(request))

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Keep the view's exception: Django makes a response of it before this middleware sees it."""
        setattr(request, _EXCEPTION, exception)


def _task_of(request: HttpRequest) -> TaskScope:
    attributes = {"http.request.method": request.method or "", "url.path": request.path}
    task = default_publisher().task("request", additional_context=attributes)
    setattr(request, _TASK, task)
    return task


def _checked(request: HttpRequest, task: TaskScope, response: Any) -> Any:
    fail_for_status(task, getattr(response, "status_code", None), getattr(request, _EXCEPTION, None))
    return response
