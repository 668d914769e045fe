"""Celery's jobs as steps, on a real worker: retries, refusals, jobs without a context."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from celery.exceptions import Ignore, Reject

from tasker_producer.contrib.celery import job_step, pass_on_context
from tasker_producer.testing import RecordingPublisher
from tests.support.processes import LIMIT_S

pytest_plugins = ["tasker_producer.pytest_plugin"]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


class GatewayError(Exception):
    """A trouble that goes away."""


@pytest.fixture
def app() -> Celery:
    pass_on_context()
    return Celery("shop", broker="memory://", backend="cache+memory://", set_as_current=False)


@contextmanager
def working(app: Celery) -> Iterator[None]:
    """A worker that knows the jobs defined so far; it takes one after the other."""
    with start_worker(app, perform_ping_check=False, pool="solo", loglevel="CRITICAL"):
        yield


def job_of(app: Celery, function: Any, **options: Any) -> Any:
    return app.task(bind=True, name=f"shop.{function.__name__}.{id(function)}", **options)(function)


def test_a_job_goes_on_with_the_task_that_sent_it(app: Celery, tasker_events: RecordingPublisher) -> None:
    @job_step(final=True)
    def ship_order(_: Any, order_id: int) -> int:
        return order_id

    job = job_of(app, ship_order)
    with working(app), tasker_events.task("order", task_id=42, final=False):
        assert job.delay(42).get(timeout=LIMIT_S) == 42
    step = tasker_events.assert_published("step.completed", task_id="42", step_name="ship_order", step_results=42)
    assert step.trace.parent == tasker_events.assert_published("task.completed", task_id="42").trace.span


def test_each_try_of_a_job_is_an_attempt_of_its_step(app: Celery, tasker_events: RecordingPublisher) -> None:
    @job_step(final=True)
    def ship_order(job: Any) -> int:
        if job.request.retries < 2:
            raise job.retry(exc=GatewayError("away"), countdown=0, max_retries=3)
        return int(job.request.retries)

    job = job_of(app, ship_order, max_retries=3)
    with working(app), tasker_events.task("order", task_id=43, final=False):
        assert job.delay().get(timeout=LIMIT_S) == 2
    assert [event.fields["attempt_number"] for event in tasker_events.published("step.handle")] == [1, 2, 3]
    requested = tasker_events.published("step.retry_requested", retry_reason="away", retry_limit=4)
    assert [event.fields["attempt_number"] for event in requested] == [2, 3]
    tasker_events.assert_published("task.completed", task_id="43")
    tasker_events.assert_not_published("task.failed")


def test_a_try_that_celery_repeats_by_itself_fails_its_attempt_alone(
    app: Celery, tasker_events: RecordingPublisher
) -> None:
    @job_step(final=True)
    def ship_order(job: Any) -> str:
        if job.request.retries == 0:
            raise GatewayError("away")
        return "shipped"

    job = job_of(app, ship_order, autoretry_for=(GatewayError,), retry_backoff=False, default_retry_delay=0)
    with working(app):
        assert job.delay().get(timeout=LIMIT_S) == "shipped"
    tasker_events.assert_published("step.failed", attempt_number=1, error_message="away")
    tasker_events.assert_published("step.completed", attempt_number=2)
    assert len({event.key for event in tasker_events.events}) == 1
    tasker_events.assert_published("task.completed", task_name="ship_order")
    tasker_events.assert_not_published("task.failed")


def test_a_job_that_fails_for_good_fails_its_task(app: Celery, tasker_events: RecordingPublisher) -> None:
    @job_step(final=True)
    def ship_order(_: Any) -> None:
        raise GatewayError("gone")

    job = job_of(app, ship_order)
    with working(app), pytest.raises(GatewayError):
        job.delay().get(timeout=LIMIT_S)
    tasker_events.assert_published("task.failed", error_message="gone", error_steps=["ship_order"])


@pytest.mark.parametrize("refusal", [Ignore("no"), Reject("no", requeue=False)])
def test_a_job_that_is_ignored_or_rejected_is_cancelled(
    app: Celery, tasker_events: RecordingPublisher, refusal: Exception
) -> None:
    @job_step(final=True)
    def ship_order(_: Any) -> None:
        raise refusal

    @job_step(final=True)
    def last_job(_: Any) -> None:
        return None

    first, last = job_of(app, ship_order), job_of(app, last_job)
    with working(app):
        first.delay()
        last.delay().get(timeout=LIMIT_S)
    tasker_events.assert_published("step.cancelled", step_name="ship_order")
    tasker_events.assert_published("task.cancelled", task_name="ship_order")


def test_a_job_called_as_a_function_is_a_task_of_its_own(app: Celery, tasker_events: RecordingPublisher) -> None:
    @job_step()
    def ship_order(_: Any) -> str:
        return "shipped"

    assert job_of(app, ship_order)() == "shipped"
    tasker_events.assert_published("task.completed", task_name="ship_order", completed_steps=1)
