"""What a caller gives becomes a checked record; a caller's mistake is named at once."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_producer import ProducerSettings, StepEvents, TaskEvents, UsageError
from tasker_producer.record.moments import micros
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.headers import cloud_event_headers


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher(ProducerSettings(service_name="shop", max_record_bytes=10_000))


STEP = {
    "id": "s1",
    "name": "fetch_cart",
    "attempts": 2,
    "retry_limit": 3,
    "depends_on": ["s0"],
    "results": {"ok": True, "password": "x"},
    "task": {"id": 42, "name": "order"},
}


@pytest.mark.parametrize("step", [STEP, SimpleNamespace(**{**STEP, "task": SimpleNamespace(task_id=42, name="order")})])
def test_a_step_is_read_from_a_mapping_and_from_an_object_alike(publisher: RecordingPublisher, step: Any) -> None:
    publisher.publish_step_event(StepEvents.COMPLETED, step, additional_context={"operation_count": 3})
    fields = publisher.assert_published("step.completed", task_id="42", task_name="order", operation_count=3).fields
    assert (fields["step_id"], fields["attempt_number"], fields["depends_on"]) == ("s1", 2, ["s0"])
    assert fields["step_results"] == '{"ok":true,"password":"[FILTERED]"}'


def test_results_of_an_earlier_attempt_are_not_told_when_a_step_starts(publisher: RecordingPublisher) -> None:
    publisher.publish_step_event(StepEvents.HANDLE, STEP)
    assert publisher.assert_published("step.handle").fields["step_results"] is None


def test_a_requested_retry_carries_the_number_of_the_attempt_it_asks_for(publisher: RecordingPublisher) -> None:
    publisher.publish_step_event(StepEvents.RETRY_REQUESTED, STEP)
    assert publisher.assert_published("step.retry_requested", previous_attempts=2, attempt_number=3)


def test_keyword_fields_beat_what_the_object_says(publisher: RecordingPublisher) -> None:
    publisher.publish_step_event(StepEvents.FAILED, STEP, attempt_number=7, event_type="broken")
    assert publisher.assert_published("step.failed", attempt_number=7, event_type="broken")


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("task.completed", {}, "task_id is missing"),
        ("step.completed", {"task_id": 1}, "step_id is missing"),
        ("task.finished", {"task_id": 1}, "not in the catalogue"),
        ("nodot", {}, "at least one dot"),
        ("task.completed", {"task_id": ""}, "task_id: an id has 1 to"),
        ("task.completed", {"task_id": True}, "task_id: text, a whole number"),
        ("task.completed", {"task_id": 1, "totl_steps": 2}, "did you mean 'total_steps'"),
        ("task.completed", {"task_id": 1, "total_steps": "two"}, "total_steps: a whole number"),
        ("task.completed", {"task_id": 1, "total_steps": 1 << 40}, "total_steps: a whole number"),
        ("task.completed", {"task_id": 1, "started_at": datetime(2025, 1, 1)}, "time zone"),  # noqa: DTZ001
        ("task.completed", {"task_id": 1, "execution_duration": float("nan")}, "execution_duration"),
        ("task.completed", {"task_id": 1, "attributes": 5}, "attributes: a mapping"),
        ("task.completed", {"task_id": 1, "to_state": "done"}, "to_state: one of"),
        ("task.failed", {"task_id": 1, "error_steps": "s1"}, "error_steps: a list"),
        ("step.handle", {"task_id": 1, "step_id": 1, "attempt_number": 0}, "attempt_number counts from 1"),
        ("task.completed", {"task_id": 1, "timestamp": "yesterday"}, "timestamp"),
        ("task.completed", {"task_id": "\ud800"}, "task_id: .*surrogates"),
        ("order.\ud800", {}, "event_name: .*surrogates"),
        ("order.paid", {"key": "\ud800"}, "key: .*surrogates"),
        ("order.paid", {"event_id": 1.5}, "event_id: text"),
    ],
)
def test_a_mistake_is_named_with_its_field(
    publisher: RecordingPublisher, name: str, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        publisher.publish_event(name, **fields)
    assert publisher.events == []


def test_a_refused_value_is_not_repeated_in_the_message(publisher: RecordingPublisher) -> None:
    with pytest.raises(UsageError) as caught:
        publisher.publish_event("task.completed", task_id=1, total_steps="hunter2")
    assert "hunter2" not in str(caught.value)


def test_the_payload_of_an_own_event_becomes_its_attributes(publisher: RecordingPublisher) -> None:
    payload = {"order_id": 7, "timestamp": "noon", "card": {"cvv": 123}, "task_id": 42}
    publisher.publish_event("order.payment_processed", payload)
    event = publisher.assert_published("order.payment_processed", event_type="custom", task_id="42")
    assert event.fields["attributes"] == {"order_id": 7, "timestamp": "noon", "card": '{"cvv":"[FILTERED]"}'}


@pytest.mark.parametrize(
    ("fields", "key"), [({"task_id": 42, "key": "k"}, "42"), ({"key": "k"}, "k"), ({}, "order.paid")]
)
def test_an_own_event_is_keyed_by_task_then_key_then_name(
    publisher: RecordingPublisher, fields: dict[str, Any], key: str
) -> None:
    publisher.publish_event("order.paid", **fields)
    assert publisher.assert_published("order.paid").key == key


def test_workflow_events_with_free_attributes_take_any_payload(publisher: RecordingPublisher) -> None:
    publisher.publish_event("workflow.task_state_unclear", {"task_id": 1, "guess": "stuck", "reason": "silent"})
    assert publisher.assert_published("workflow.task_state_unclear", guess="stuck", reason="silent")


def test_the_event_headers_are_those_of_the_contract(publisher: RecordingPublisher) -> None:
    publisher.publish_step_event(StepEvents.HANDLE, STEP)
    event = publisher.assert_published("step.handle")
    expected = dict(cloud_event_headers(event.fields, "shop"))
    assert expected.items() <= dict(event.headers).items()


def test_times_and_identity_can_be_given_for_events_of_the_past(publisher: RecordingPublisher) -> None:
    moment = datetime(2025, 6, 1, 12, tzinfo=UTC)
    publisher.publish_task_event(TaskEvents.START_REQUESTED, task_id=1, timestamp=moment, event_id="e-1")
    assert publisher.assert_published("task.start_requested", timestamp=micros(moment), event_id="e-1")


def test_durations_are_accepted_as_timedelta(publisher: RecordingPublisher) -> None:
    publisher.publish_task_event(TaskEvents.COMPLETED, task_id=1, execution_duration=timedelta(milliseconds=1500))
    assert publisher.assert_published("task.completed", execution_duration=1.5)


def test_a_record_that_is_too_large_is_cut_and_says_so(publisher: RecordingPublisher) -> None:
    frames = [f"frame {number} {'x' * 100}" for number in range(300)]
    publisher.publish_step_event(
        StepEvents.FAILED, STEP, step_results={"blob": "é" * 50_000}, backtrace=frames, error_message="short"
    )
    event = publisher.assert_published("step.failed", error_message="short")
    assert len(event.value) <= 10_000
    assert event.fields["truncated"] == ["backtrace", "step_results"]
    assert event.fields["backtrace"][-1:] in ([], [frames[-1]])


def test_surrogates_in_business_data_are_replaced(publisher: RecordingPublisher) -> None:
    publisher.publish_event("order.paid", {"note": "bad \ud800 text"})
    assert publisher.assert_published("order.paid", note="bad \\ud800 text")


@given(
    st.dictionaries(
        st.sampled_from(["context", "total_steps", "started_at", "attributes", "backtrace", "error_message", "x"]),
        st.none() | st.integers() | st.text() | st.floats() | st.binary() | st.lists(st.text()),
    )
)
def test_nothing_but_a_usage_error_ever_leaves_a_publish_call(fields: dict[str, Any]) -> None:
    try:
        RecordingPublisher().publish_task_event("task.failed", task_id=1, **fields)
    except UsageError as error:
        assert str(error)  # noqa: PT017  either outcome is right, any other exception fails
