"""Django's middleware, on real views: answers, failures, refusals, coroutines."""

from typing import Any

import django
import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

from tasker_producer import current_task, default_publisher
from tasker_producer.testing import RecordingPublisher

pytest_plugins = ["tasker_producer.pytest_plugin"]

if not settings.configured:
    settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="test", DEFAULT_CHARSET="utf-8", LOGGING_CONFIG=None)
    django.setup()


def paid(request: HttpRequest) -> HttpResponse:
    default_publisher().publish_event("order.paid", {"amount": 5})
    assert current_task() is getattr(request, "tasker_task", None)
    return HttpResponse("paid")


def broken(_: HttpRequest) -> HttpResponse:
    raise TimeoutError("gateway")


def unavailable(_: HttpRequest) -> HttpResponse:
    return HttpResponse(status=503)


def missing(_: HttpRequest) -> HttpResponse:
    raise Http404


def forbidden(_: HttpRequest) -> HttpResponse:
    raise PermissionDenied


async def paid_later(request: HttpRequest) -> HttpResponse:
    return paid(request)


async def broken_later(_: HttpRequest) -> HttpResponse:
    raise TimeoutError("gateway")


VIEWS: list[Any] = [paid, broken, unavailable, missing, forbidden, paid_later, broken_later]
urlpatterns = [path(view.__name__, view) for view in VIEWS]


@pytest.fixture(autouse=True)
def with_middleware(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = type("urls", (), {"urlpatterns": urlpatterns})
    monkeypatch.setattr(settings, "ROOT_URLCONF", urls, raising=False)
    monkeypatch.setattr(settings, "MIDDLEWARE", ["tasker_producer.contrib.django.TaskerMiddleware"])


def test_a_request_that_changes_something_is_a_task(tasker_events: RecordingPublisher) -> None:
    assert Client().post("/paid").content == b"paid"
    completed = tasker_events.assert_published("task.completed", task_name="request")
    context = {"http.request.method": "POST", "url.path": "/paid", "http.response.status_code": 200}
    assert completed.fields["attributes"] == context
    tasker_events.assert_published("order.paid", task_id=completed.key)


def test_a_request_that_only_reads_is_no_task(tasker_events: RecordingPublisher) -> None:
    assert Client().get("/paid").status_code == 200
    assert [event.name for event in tasker_events.events] == ["order.paid"]


def test_a_view_that_raises_answers_500_and_fails_its_task(tasker_events: RecordingPublisher) -> None:
    assert Client(raise_request_exception=False).post("/broken").status_code == 500
    failed = tasker_events.assert_published("task.failed", error_class="TimeoutError", error_message="gateway")
    assert failed.fields["backtrace"][-1].endswith("in broken")
    tasker_events.assert_not_published("task.completed")


def test_a_response_with_a_servers_error_fails_its_task(tasker_events: RecordingPublisher) -> None:
    assert Client().post("/unavailable").status_code == 503
    tasker_events.assert_published("task.failed", error_message="the response has status 503")


@pytest.mark.parametrize(("path", "status"), [("/missing", 404), ("/forbidden", 403), ("/nowhere", 404)])
def test_a_request_that_the_service_refuses_has_not_failed(
    tasker_events: RecordingPublisher, path: str, status: int
) -> None:
    assert Client().post(path).status_code == status
    event = tasker_events.assert_published("task.completed")
    assert event.fields["attributes"]["http.response.status_code"] == status


async def test_coroutines_are_views_too(tasker_events: RecordingPublisher) -> None:
    client = AsyncClient(raise_request_exception=False)
    assert (await client.post("/paid_later")).content == b"paid"
    assert (await client.post("/broken_later")).status_code == 500
    tasker_events.assert_published("task.completed")
    tasker_events.assert_published("task.failed", error_message="gateway")
