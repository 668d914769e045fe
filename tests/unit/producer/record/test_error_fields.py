"""A failure always says its class, its message and where it happened."""

from typing import Any

import pytest

from tasker_producer import EventPayloadBuilder, StepEvents
from tasker_producer.record.error_chain import MAX_LINKS, MAX_NOTES
from tasker_producer.record.error_fields import error_fields
from tasker_producer.testing import RecordingPublisher
from tests.support.producer.hostile import Closed, HostileError, Mute

S: dict[str, Any] = {"task_id": "t", "step_id": "s", "step_name": "charge"}


class Declined(Exception):
    """An error of a service."""


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher()


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        ("boom", {"error_message": "boom", "error_class": None}),
        (5, {"error_message": "5", "error_class": None}),
        (ValueError, {"error_message": "Unknown error", "error_class": "ValueError"}),
        (Declined("no"), {"error_message": "no", "error_class": f"{__name__}.Declined"}),
        (HostileError(), {"error_message": "<HostileError without a readable message>"}),
        (None, {"error_message": "Unknown error", "error_class": None}),
    ],
)
def test_an_error_is_an_exception_a_class_or_a_text(
    publisher: RecordingPublisher, error: Any, fields: dict[str, Any]
) -> None:
    publisher.publish_step_failed(**S, error=error)
    publisher.assert_published("step.failed", **fields)
    payload = EventPayloadBuilder.build_error_payload(error, S)
    assert {key: payload.get(key) for key in fields} == fields


@pytest.mark.parametrize("kind", [Closed, Mute])
def test_an_error_that_cannot_be_read_has_no_class(kind: type) -> None:
    assert "error_class" not in error_fields(kind(), 10)


def test_the_exception_being_handled_fills_a_failure(publisher: RecordingPublisher) -> None:
    step = {"id": "s", "task": {"id": 1}}
    try:
        raise TimeoutError("gateway")  # noqa: TRY301  handled here on purpose
    except TimeoutError as error:
        context = {"error_class": type(error).__name__}
        publisher.publish_step_event(StepEvents.FAILED, step, event_type="failed", additional_context=context)
        publisher.publish_step_failed(**S)
        publisher.publish_event("step.failed", S)
        publisher.publish_task_failed(task_id="t")
        publisher.publish_step_max_retries_reached(**S)
        publisher.publish_step_completed(**S)
    for event in publisher.events[:-1]:
        assert (event.fields["error_class"], event.fields["error_message"]) == ("TimeoutError", "gateway")
        assert event.fields["backtrace"][-1].endswith("in test_the_exception_being_handled_fills_a_failure")
    assert publisher.events[-1].fields["error_class"] is None


def test_the_first_source_of_an_error_holds(publisher: RecordingPublisher) -> None:
    step = {**S, "error_class": "Subject", "error_message": "of the subject", "backtrace": ["a:1"]}
    try:
        raise TimeoutError("active")  # noqa: TRY301  handled here on purpose
    except TimeoutError:
        publisher.publish_step_failed(step, error="given", error_class="Keyword")
        publisher.publish_step_failed(step)
        publisher.publish_step_failed({**S, "error_message": "of the subject"})
    messages = [event.fields["error_message"] for event in publisher.events]
    assert messages == ["given", "of the subject", "of the subject"]
    assert [event.fields["error_class"] for event in publisher.events] == ["Keyword", "Subject", "TimeoutError"]
    assert publisher.events[1].fields["backtrace"] == ["a:1"]


def test_an_explicit_text_wins_over_the_exception(publisher: RecordingPublisher) -> None:
    error = ValueError("x")
    publisher.publish_step_failed(**S, error=error, error_message="charge failed")
    publisher.publish_task_failed(task_id="t", error=error, error_class="Shop.Declined")
    publisher.publish_step_max_retries_reached(**S, error=error, backtrace=["shop.py:1 in pay"])
    publisher.assert_published("step.failed", error_message="charge failed", error_class="ValueError")
    publisher.assert_published("task.failed", error_message="x", error_class="Shop.Declined")
    publisher.assert_published("step.max_retries_reached", backtrace=["shop.py:1 in pay"], error_message="x")


def test_a_failure_without_any_word_gets_taskers(publisher: RecordingPublisher) -> None:
    publisher.publish_step_failed(**S)
    publisher.publish_task_failed({"id": 1})
    publisher.assert_published("step.failed", error_message="Unknown error", error_class=None)
    publisher.assert_published("task.failed", error_message="Task execution failed")


def test_an_error_fills_the_fields_that_an_event_has(publisher: RecordingPublisher) -> None:
    publisher.publish_task_reenqueue_failed(task_id="t", error=ValueError("queue is away"))
    failed = publisher.assert_published("workflow.task_reenqueue_failed", error_message="queue is away")
    assert failed.fields["error_class"] == "ValueError"


def test_a_backtrace_keeps_the_innermost_frames() -> None:
    def fall(depth: int) -> None:
        if depth == 0:
            raise ValueError("deep")
        fall(depth - 1)

    with pytest.raises(ValueError, match="deep") as caught:
        fall(30)
    assert [frame.rpartition(" ")[2] for frame in error_fields(caught.value, 10)["backtrace"]] == ["fall"] * 10
    assert error_fields(caught.value, 0)["backtrace"] == []


def test_exceptions_notes_and_frames_beyond_the_bounds_are_counted() -> None:
    members = [ValueError(str(number)) for number in range(MAX_LINKS + 3)]
    group = ExceptionGroup("many", members)
    for number in range(MAX_NOTES + 2):
        group.add_note(f"note {number}")
    fields = error_fields(group, 10)
    assert len(fields["error_chain"]) == MAX_LINKS
    assert len(fields["error_notes"]) == MAX_NOTES
    assert fields["errors_dropped"] == 5
    assert fields["error_group"] == "ExceptionGroup"


def test_the_whole_story_of_an_error_is_published_and_masked(publisher: RecordingPublisher) -> None:
    error = ValueError("no cart")
    error.__cause__ = KeyError("cart password=hunter2")
    error.add_note("token=hunter2 order=42")
    publisher.publish_step_failed(**S, error=error)
    publisher.publish_task_failed(task_id=1, error=ExceptionGroup("group", [ValueError("declined")]))
    step = publisher.assert_published("step.failed", error_message="no cart", errors_dropped=0, error_group=None)
    (link,) = step.fields["error_chain"]
    assert (link["relation"], link["error_class"], link["depth"]) == ("cause", "KeyError", 1)
    assert "hunter2" not in str(step.fields)
    assert step.fields["error_notes"] == ["token=[FILTERED] order=42"]
    task = publisher.assert_published("task.failed", error_group="ExceptionGroup")
    assert [link["error_message"] for link in task.fields["error_chain"]] == ["declined"]


def test_a_built_payload_keeps_the_chain_when_it_is_published(publisher: RecordingPublisher) -> None:
    error = ExceptionGroup("group", [ValueError("declined")])
    publisher.publish_event(StepEvents.FAILED, EventPayloadBuilder.build_error_payload(error, S))
    (link,) = publisher.assert_published("step.failed").fields["error_chain"]
    assert (link["relation"], link["error_message"]) == ("member", "declined")


def test_a_task_inside_a_task_names_its_parent(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task, task.step("refund"), publisher.task("refund", task_id=2):
        pass
    publisher.assert_published("task.initialize_requested", task_id="1", parent_task_id=None)
    publisher.assert_published("task.initialize_requested", task_id="2", parent_task_id="1")
