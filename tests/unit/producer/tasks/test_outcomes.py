"""Every way to leave a block, and the events that are published for it."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import celery.exceptions
import pytest
from greenlet import GreenletExit

from tasker_producer.tasks.outcomes import Outcome, outcome_of, retry_fields
from tasker_producer.testing import RecordingPublisher


class NoMoney(Exception):
    """A refusal that a service expects."""


class Impatient(NoMoney):
    """A kind of it."""


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher()


@pytest.mark.parametrize(
    ("error", "step", "task"),
    [
        (ValueError("no"), "step.failed", "task.failed"),
        (SystemExit(3), "step.failed", "task.failed"),
        (SystemExit("why"), "step.failed", "task.failed"),
        (SystemExit(0), "step.completed", "task.completed"),
        (SystemExit(None), "step.completed", "task.completed"),
        (GeneratorExit(), "step.cancelled", "task.cancelled"),
        (asyncio.CancelledError(), "step.cancelled", "task.cancelled"),
        (KeyboardInterrupt(), "step.cancelled", "task.cancelled"),
        (GreenletExit(), "step.cancelled", "task.cancelled"),
        (celery.exceptions.Ignore(), "step.cancelled", "task.cancelled"),
        (celery.exceptions.Reject("no"), "step.cancelled", "task.cancelled"),
        (Impatient(), "step.cancelled", "task.cancelled"),
        (celery.exceptions.Retry("later"), "step.retry_requested", "step.retry_requested"),
        (ExceptionGroup("several", [ValueError("no")]), "step.failed", "task.failed"),
    ],
)
def test_each_way_to_leave_a_block_has_its_outcome(
    publisher: RecordingPublisher, error: BaseException, step: str, task: str
) -> None:
    with (
        pytest.raises(type(error)) as caught,
        publisher.task("order", task_id=1, expected=NoMoney) as order,
        order.step("pay", expected=(NoMoney, KeyError)),
    ):
        raise error
    assert caught.value is error
    assert publisher.events[3].name == step
    assert publisher.events[-1].name == task


def test_a_retry_of_celery_asks_for_the_next_attempt_and_leaves_the_task_open(publisher: RecordingPublisher) -> None:
    retry = celery.exceptions.Retry("later", exc=TimeoutError("gateway"), when=30)
    with pytest.raises(celery.exceptions.Retry), publisher.task("order", task_id=1) as task, task.step("pay"):
        raise retry
    publisher.assert_published("step.retry_requested", attempt_number=2, previous_attempts=1, retry_reason="gateway")
    publisher.assert_published("step.retry_requested", backoff_seconds=30.0)
    assert [event.name for event in publisher.events][2:] == ["step.handle", "step.retry_requested"]


def test_a_block_ends_as_the_service_decides_without_an_exception(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task:
        with task.step("pay") as step:
            step.fail("declined")
        with task.step("ship") as step:
            step.skip("nothing to ship")
        with task.step("mail") as step:
            step.cancel("no address")
        task.cancel("the customer left")
    publisher.assert_published("step.failed", step_id="pay", error_message="declined")
    publisher.assert_published("observability.step.skip", step_id="ship", reason="nothing to ship")
    publisher.assert_published("step.cancelled", step_id="ship", cancellation_reason="nothing to ship")
    publisher.assert_published("step.cancelled", step_id="mail", cancellation_reason="no address")
    publisher.assert_published("task.cancelled", cancellation_reason="the customer left", error_steps=[])


def test_an_exception_fails_a_block_that_was_to_be_cancelled(publisher: RecordingPublisher) -> None:
    task = publisher.task("order", task_id=1)
    with pytest.raises(ValueError, match="real"), task:
        raise _after(task.cancel, ValueError("real"))
    publisher.assert_published("task.failed", error_message="real")


def test_an_error_given_to_fail_describes_itself(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task, task.step("pay") as step:
        step.fail(TimeoutError("gateway"))
    publisher.assert_published("step.failed", error_class="TimeoutError", error_message="gateway")


def _after(decide: Callable[[str], None], error: Exception) -> Exception:
    decide("maybe")
    return error


@pytest.mark.parametrize("when", [None, "soon"])
def test_a_retry_without_a_number_of_seconds_has_no_waiting_time(when: Any) -> None:
    assert retry_fields(celery.exceptions.Retry("later", when=when))["backoff_seconds"] is None


def test_a_process_that_exits_well_completes_its_task(publisher: RecordingPublisher) -> None:
    with pytest.raises(SystemExit), publisher.task("order", task_id=1):
        sys.exit(0)
    assert outcome_of(SystemExit(0)) is Outcome.COMPLETED
    publisher.assert_published("task.completed")
