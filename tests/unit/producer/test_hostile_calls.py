"""Whatever objects a call gets: strict mode raises UsageError only, production raises nothing and counts exactly."""

import random
from typing import Any

import pytest

from tasker_producer import OnMisuse, ProducerSettings, UsageError, current_task
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.event_check import problem_of
from tests.support.producer.hostile import SECRET, Choices, Closed
from tests.support.producer.random_calls import RandomCalls
from tests.support.scale import SCALE

CALLS = 1000 * SCALE  # TEST_SCALE=100 makes the full 100,000


def random_choices(seed: int) -> list[Choices]:
    generator = random.Random(seed)
    return [Choices(generator.randbytes(160)) for _ in range(CALLS)]


@pytest.mark.timeout(300 * SCALE)
def test_in_production_no_call_raises_and_every_event_is_published_or_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKER_ON_MISUSE", "log")
    publisher = RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG))
    calls = RandomCalls(publisher)
    outcomes = []
    for choices in random_choices(1):
        before = calls.publishing, len(publisher.events) + publisher.stats()["dropped_misuse"]
        calls.make(choices)
        after = calls.publishing, len(publisher.events) + publisher.stats()["dropped_misuse"]
        if after[0] > before[0]:
            outcomes.append(after[1] - before[1])
        assert [problem for event in publisher.events if (problem := problem_of(event.fields))] == []
        publisher.events.clear()
        assert current_task() is None
    assert set(outcomes) == {1}
    assert publisher.stats()["misused"] >= publisher.stats()["dropped_misuse"] > 0


@pytest.mark.timeout(300 * SCALE)
def test_in_strict_mode_a_hostile_object_raises_usage_error_only() -> None:
    publisher = RecordingPublisher()
    calls, refused = RandomCalls(publisher), 0
    for choices in random_choices(2):
        try:
            calls.make(choices)
        except UsageError as error:
            refused += 1
            assert SECRET not in str(error)  # noqa: PT017  either outcome is right
        publisher.events.clear()
        assert current_task() is None
    assert 0 < refused < CALLS


def test_a_step_may_depend_on_an_object_that_shows_nothing() -> None:
    publisher = RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG))
    closed: Any = Closed()
    with publisher.task("order", task_id=1) as task, task.step("pay", depends_on=closed):
        pass
    assert [event.name for event in publisher.events].count("step.completed") == 1
