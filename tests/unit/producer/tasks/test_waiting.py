"""Tasks and steps that say what they wait for."""

from datetime import UTC, datetime, timedelta

import pytest

from tasker_producer.settings import OnMisuse, ProducerSettings
from tasker_producer.testing import RecordingPublisher


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher()


def test_a_task_that_another_process_began_says_what_it_waits_for(publisher: RecordingPublisher) -> None:
    until = datetime(2026, 12, 1, 8, tzinfo=UTC)
    with publisher.task("order", task_id=1, final=False) as begun:
        pass
    with publisher.resume_task(begun.carrier()) as task:
        task.wait_for("approval", until=until, silence_limit=timedelta(days=7))
    limits = {"waiting_until": "2026-12-01T08:00:00+00:00", "silence_limit_seconds": 604_800.0}
    event = publisher.assert_published("observability.task.waiting", task_id="1", task_name="order", **limits)
    assert (event.fields["attributes"]["waiting_for"], event.trace) == ("approval", begun.trace)


def test_a_step_says_what_its_attempt_waits_for(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task, task.step("pay", step_id="s", attempt_number=3) as step:
        step.wait_for("timer")
    same = {"step_id": "s", "step_name": "pay", "attempt_number": 3}
    event = publisher.assert_published("observability.step.waiting", attributes={"waiting_for": "timer"}, **same)
    assert event.trace.span == step.trace.span


def test_a_secret_in_the_reason_of_a_waiting_is_masked(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task:
        task.wait_for("approval with password=hunter2")
    publisher.assert_published("observability.task.waiting", waiting_for="approval with password=[FILTERED]")


def test_a_mistake_in_production_raises_nothing_and_the_task_waits_all_the_same() -> None:
    lenient = RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG))
    with lenient.task("order", task_id=1) as task:
        task.wait_for("approval", until=datetime(2026, 12, 1), silence_limit=-1)  # noqa: DTZ001
    lenient.assert_published("observability.task.waiting", attributes={"waiting_for": "approval"})
    assert lenient.stats()["misused"] == 2
