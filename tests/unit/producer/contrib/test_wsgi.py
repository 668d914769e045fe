"""WSGI's middleware, on Django's WSGI application behind a validator: failures, streams, a client that leaves."""

import warnings
from collections.abc import Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import django
import pytest
from django import conf
from django.core.handlers.wsgi import WSGIHandler
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from tasker_producer import current_task, default_publisher
from tasker_producer.contrib.wsgi import TaskerMiddleware
from tasker_producer.testing import RecordingPublisher

pytest_plugins = ["tasker_producer.pytest_plugin"]


def paid(_: HttpRequest) -> HttpResponse:
    default_publisher().publish_event("order.paid")
    return HttpResponse("paid")


def broken(_: HttpRequest) -> HttpResponse:
    raise TimeoutError("gateway")


def absent(_: HttpRequest) -> HttpResponse:
    raise Http404


def rows(_: HttpRequest) -> StreamingHttpResponse:
    def stream() -> Iterator[str]:
        for number in range(3):
            default_publisher().publish_event("row.sent")
            yield f"{number}\n"

    return StreamingHttpResponse(stream())


VIEWS = {"paid": paid, "broken": broken, "absent": absent, "rows": rows}


@pytest.fixture(autouse=True)
def service(monkeypatch: pytest.MonkeyPatch) -> None:
    if not conf.settings.configured:
        conf.settings.configure(ALLOWED_HOSTS=["*"], DEFAULT_CHARSET="utf-8", SECRET_KEY="test")
        django.setup()
    routes = type("urls", (), {"urlpatterns": [path(name, view) for name, view in VIEWS.items()]})
    monkeypatch.setattr(conf.settings, "ROOT_URLCONF", routes, raising=False)
    monkeypatch.setattr(conf.settings, "MIDDLEWARE", [])


def request(view: str, app: Any = None, *, method: str = "POST", parts: int | None = None) -> tuple[str, bytes]:
    """Make a request as a server does; of a response whose client leaves, only some parts are read."""
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": f"/{view}", "SCRIPT_NAME": ""}
    setup_testing_defaults(environ)
    statuses: list[str] = []

    def start_response(status: str, _: Any, __: Any = None) -> Any:
        statuses.append(status[:3])
        return statuses.append  # the older way to write, which nobody uses here

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        response = validator(TaskerMiddleware(app or WSGIHandler()))(environ, start_response)
        iterator = iter(response)
        try:
            body = b"".join(iterator) if parts is None else b"".join(next(iterator) for _ in range(parts))
        finally:
            response.close()  # type: ignore[attr-defined]
    return statuses[-1], body


def test_a_request_that_changes_something_is_a_task(tasker_events: RecordingPublisher) -> None:
    assert request("paid") == ("200", b"paid")
    completed = tasker_events.assert_published("task.completed", task_name="request")
    assert completed.fields["attributes"]["http.response.status_code"] == 200
    tasker_events.assert_published("order.paid", task_id=completed.key)
    assert current_task() is None


@pytest.mark.parametrize(("view", "status", "end"), [("broken", "500", "failed"), ("absent", "404", "completed")])
def test_the_status_of_the_response_decides_about_the_task(
    tasker_events: RecordingPublisher, view: str, status: str, end: str
) -> None:
    assert request(view)[0] == status
    tasker_events.assert_published(f"task.{end}")


def test_a_streamed_response_belongs_to_its_task_until_its_end(tasker_events: RecordingPublisher) -> None:
    assert request("rows")[1] == b"0\n1\n2\n"
    completed = tasker_events.assert_published("task.completed")
    assert [event.key for event in tasker_events.published("row.sent")] == [completed.key] * 3
    assert current_task() is None


def test_a_client_that_leaves_early_cancels_the_task(tasker_events: RecordingPublisher) -> None:
    request("rows", parts=1)
    tasker_events.assert_published("task.cancelled")
    assert current_task() is None


def test_an_application_that_raises_fails_its_task_with_its_own_error(tasker_events: RecordingPublisher) -> None:
    def at_once(_: Any, __: Any) -> Any:
        raise TimeoutError("gateway")

    def later(_: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"some"
        raise TimeoutError("database")

    for app, message in ((at_once, "gateway"), (later, "database")):
        with pytest.raises(TimeoutError, match=message):
            request("", app)
        tasker_events.assert_published("task.failed", error_class="TimeoutError", error_message=message)
    assert current_task() is None


def test_a_request_that_only_reads_is_no_task(tasker_events: RecordingPublisher) -> None:
    assert request("absent", method="GET")[0] == "404"
    assert tasker_events.events == []
