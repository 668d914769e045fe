"""What a service's tests can ask: the fixture, the default publisher, comparisons by value, names that exist."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tasker_producer import EventPublisherMixin, default_publisher, use_publisher
from tasker_producer.testing import RecordingPublisher

pytest_plugins = ["tasker_producer.pytest_plugin"]


class ChargeCard(EventPublisherMixin):
    def handle(self) -> None:
        self.publish_step_completed({"id": "s1", "task": {"id": 42}}, step_results={"charged": 12.5})


def test_the_fixture_replaces_the_default_publisher_of_the_service(tasker_events: RecordingPublisher) -> None:
    ChargeCard().handle()
    assert default_publisher() is tasker_events
    tasker_events.assert_published("step.completed", step_id="s1")


def test_a_replacement_ends_with_its_block_and_others_stay(tasker_events: RecordingPublisher) -> None:
    first, second = RecordingPublisher(), RecordingPublisher()
    replacement = use_publisher(first)
    with use_publisher(second) as publisher:
        assert default_publisher() is publisher is second
        replacement.undo()
        assert default_publisher() is second
    assert default_publisher() is tasker_events


def test_results_are_compared_as_values_and_as_text(tasker_events: RecordingPublisher) -> None:
    ChargeCard().handle()
    tasker_events.assert_published("step.completed", step_results={"charged": 12.5})
    tasker_events.assert_published("step.completed", step_results='{"charged":12.5}')
    tasker_events.assert_not_published("step.completed", step_results={"charged": 13})


@pytest.mark.parametrize("name", ["task.faild", "nodot"])
def test_a_name_that_no_event_can_have_fails_the_test(tasker_events: RecordingPublisher, name: str) -> None:
    with pytest.raises(AssertionError, match="no event can have this name"):
        tasker_events.assert_not_published(name)


def test_an_event_that_was_not_expected_fails_the_test(tasker_events: RecordingPublisher) -> None:
    ChargeCard().handle()
    with pytest.raises(AssertionError, match=r"step\.completed was published"):
        tasker_events.assert_not_published("step.completed")
    with pytest.raises(AssertionError, match=r"0 events fit step\.failed"):
        tasker_events.assert_published("step.failed")


@pytest.fixture
def without_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("KAFKA_", "TASKER_SPOOL"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("TASKER_SPOOL_MAX_BYTES", "0")
    monkeypatch.setenv("TASKER_FLUSH_TIMEOUT", "0")
    default_publisher.cache_clear()


@pytest.mark.usefixtures("without_default")
def test_threads_that_ask_at_once_get_one_publisher_and_a_closed_one_is_made_anew() -> None:
    barrier = threading.Barrier(8)

    def ask(_: int) -> object:
        barrier.wait()
        return default_publisher()

    with ThreadPoolExecutor(8) as pool:
        publishers = set(pool.map(ask, range(8)))
    first = default_publisher()
    assert publishers == {first}
    first.close(0)
    second = default_publisher()
    second.close(0)
    assert second is not first
    default_publisher.cache_clear()
