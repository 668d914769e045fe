"""Temporal histories as events: outcomes, attempts, both spellings, and what can be wrong with a file."""

import base64
import json
from typing import Any

import pytest

from tasker_consumers.importers import BrokenFile, ImportedEvent
from tasker_consumers.importers.temporal.history import read

SECOND = 1_000_000


def event(number: int, kind: str, **said: Any) -> dict[str, Any]:
    """Return one event of a history, `number` seconds after the epoch."""
    return {
        "eventId": str(number),
        "eventTime": f"1970-01-01T00:00:{number:02d}.123456789Z",
        "eventType": kind,
        f"{kind[0].lower()}{kind[1:]}EventAttributes": said,
    }


STARTED = event(1, "WorkflowExecutionStarted", workflowType={"name": "Order"}, originalExecutionRunId="run-1")
SCHEDULED = event(2, "ActivityTaskScheduled", activityId="5", activityType={"name": "Charge"})
RUNNING = event(3, "ActivityTaskStarted", scheduledEventId="2", attempt=1)


def read_events(*events: dict[str, Any], name: str = "history.json") -> list[ImportedEvent]:
    return read(json.dumps({"events": events}).encode(), name)


def names(events: list[ImportedEvent]) -> list[str]:
    return [event.name for event in events]


def payload(value: Any, encoding: str = "json/plain") -> dict[str, Any]:
    data = base64.b64encode(json.dumps(value).encode()).decode()
    return {"payloads": [{"metadata": {"encoding": base64.b64encode(encoding.encode()).decode()}, "data": data}]}


def test_a_run_is_a_task_with_the_run_id_and_the_workflow_type() -> None:
    first, second = read_events(STARTED)
    assert (first.task_id, first.task_name) == ("run-1", "Order")
    assert names([first, second]) == ["task.initialize_requested", "task.start_requested"]
    assert first.timestamp == SECOND + 123_456


def test_a_history_without_a_run_id_is_known_by_its_file() -> None:
    nameless = event(1, "WorkflowExecutionStarted", workflowType={"name": "Order"})
    assert read_events(nameless, name="order.json")[0].task_id == "temporal:order.json"


def test_the_two_spellings_of_event_types_mean_the_same() -> None:
    spelled = [{**STARTED, "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"}]
    spelled += [{**SCHEDULED, "eventType": "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"}]
    assert read_events(*spelled) == read_events(STARTED, SCHEDULED)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ActivityTaskCompleted", "step.completed"),
        ("ActivityTaskFailed", "step.failed"),
        ("ActivityTaskTimedOut", "step.failed"),
        ("ActivityTaskCanceled", "step.cancelled"),
    ],
)
def test_what_ends_an_activity_ends_its_step(kind: str, name: str) -> None:
    last = read_events(STARTED, SCHEDULED, RUNNING, event(5, kind, scheduledEventId="2"))[-1]
    assert (last.name, last.fields["step_id"], last.fields["step_name"]) == (name, "activity:5", "Charge")
    assert last.fields["execution_duration"] == 2.0


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("WorkflowExecutionCompleted", "task.completed"),
        ("WorkflowExecutionContinuedAsNew", "task.completed"),
        ("WorkflowExecutionFailed", "task.failed"),
        ("WorkflowExecutionTimedOut", "task.failed"),
        ("WorkflowExecutionCanceled", "task.cancelled"),
        ("WorkflowExecutionTerminated", "task.cancelled"),
    ],
)
def test_what_closes_a_run_ends_its_task(kind: str, name: str) -> None:
    last = read_events(STARTED, SCHEDULED, event(9, kind))[-1]
    assert (last.name, last.attributes["closed_by"]) == (name, kind)
    assert (last.fields["execution_duration"], last.fields["pending_steps"]) == (8.0, 1)


def test_an_open_history_leaves_its_task_and_its_steps_open() -> None:
    assert names(read_events(STARTED, SCHEDULED, RUNNING))[-1] == "step.handle"


def test_a_later_attempt_is_told_with_the_failure_before_it() -> None:
    third = event(3, "ActivityTaskStarted", scheduledEventId="2", attempt=3, lastFailure={"message": "no answer"})
    *_, retry, handle = read_events(STARTED, SCHEDULED, third)
    assert (retry.name, retry.fields["attempt_number"], retry.fields["previous_attempts"]) == (
        "step.retry_requested",
        3,
        2,
    )
    assert retry.fields["retry_reason"] == "Failure: no answer"
    assert (handle.name, handle.fields["attempt_number"]) == ("step.handle", 3)


@pytest.mark.parametrize("state", ["MaximumAttemptsReached", "RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED"])
def test_the_last_allowed_failure_reaches_the_retry_limit(state: str) -> None:
    failed = event(5, "ActivityTaskFailed", scheduledEventId="2", retryState=state)
    assert names(read_events(STARTED, SCHEDULED, RUNNING, failed))[-2:] == ["step.failed", "step.max_retries_reached"]


def test_an_error_is_told_by_its_innermost_cause() -> None:
    cause = {"message": "declined", "applicationFailureInfo": {"type": "CardError"}, "stackTrace": "at b\nat a"}
    failure = {"message": "activity error", "activityFailureInfo": {"activityId": "5"}, "cause": cause}
    fields = read_events(STARTED, event(9, "WorkflowExecutionFailed", failure=failure))[-1].fields
    assert (fields["error_class"], fields["error_message"]) == ("CardError", "declined")
    assert fields["backtrace"] == ["at a", "at b"]


@pytest.mark.parametrize("kind", ["StartToClose", "TIMEOUT_TYPE_START_TO_CLOSE"])
def test_a_timeout_says_which_one_it_was(kind: str) -> None:
    failure = {"message": "too late", "timeoutFailureInfo": {"timeoutType": kind}}
    late = event(5, "ActivityTaskTimedOut", scheduledEventId="2", failure=failure)
    assert read_events(STARTED, SCHEDULED, RUNNING, late)[-1].fields["error_class"] == "TimeoutFailure:StartToClose"


def test_a_timer_runs_from_its_start_to_its_firing() -> None:
    begun = event(2, "TimerStarted", timerId="t", startToFireTimeout="3s")
    events = read_events(STARTED, begun, event(5, "TimerFired", timerId="t", startedEventId="2"))
    assert names(events)[2:] == ["step.execution_requested", "step.handle", "step.completed"]
    assert (events[-1].fields["step_id"], events[-1].fields["execution_duration"]) == ("timer:t", 3.0)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ChildWorkflowExecutionCompleted", "step.completed"),
        ("ChildWorkflowExecutionFailed", "step.failed"),
        ("ChildWorkflowExecutionTimedOut", "step.failed"),
        ("ChildWorkflowExecutionCanceled", "step.cancelled"),
        ("ChildWorkflowExecutionTerminated", "step.cancelled"),
    ],
)
def test_a_child_workflow_is_a_step_of_its_parent(kind: str, name: str) -> None:
    begun = event(2, "StartChildWorkflowExecutionInitiated", workflowId="c", workflowType={"name": "Ship"})
    running = event(3, "ChildWorkflowExecutionStarted", initiatedEventId="2")
    last = read_events(STARTED, begun, running, event(5, kind, initiatedEventId="2"))[-1]
    assert (last.name, last.fields["step_id"], last.fields["step_name"]) == (name, "child:c", "Ship")


def test_a_child_workflow_that_cannot_start_is_a_failed_step() -> None:
    begun = event(2, "StartChildWorkflowExecutionInitiated", workflowId="c", workflowType={"name": "Ship"})
    refused = event(3, "StartChildWorkflowExecutionFailed", initiatedEventId="2", cause="WorkflowAlreadyExists")
    last = read_events(STARTED, begun, refused)[-1]
    assert (last.name, last.fields["error_message"]) == ("step.failed", "WorkflowAlreadyExists")


def test_an_id_that_is_used_again_becomes_another_step() -> None:
    again = event(7, "ActivityTaskScheduled", activityId="5", activityType={"name": "Charge"})
    ids = [e.fields["step_id"] for e in read_events(STARTED, SCHEDULED, again) if e.is_step]
    assert ids == ["activity:5", "activity:5@7"]


def test_payloads_that_are_json_are_decoded() -> None:
    begun = event(
        1, "WorkflowExecutionStarted", workflowType={"name": "Order"}, input=payload({"cart": 7, "price": 1.5})
    )
    scheduled = {**SCHEDULED, "activityTaskScheduledEventAttributes": {
        **SCHEDULED["activityTaskScheduledEventAttributes"], "input": payload("x", "binary/protobuf")}}  # fmt: skip
    first, *_, last = read_events(begun, scheduled)
    assert first.fields["context"] == {"input": {"cart": 7, "price": 1.5}}
    assert last.fields["step_inputs"] == "<binary/protobuf, 3 bytes>"


def test_events_that_are_neither_steps_nor_outcomes_are_passed_over() -> None:
    ignored = [{"eventId": "2", "eventTime": "x", "eventType": "WorkflowTaskScheduled"}]
    ignored += [{"eventId": "3", "eventTime": "x", "eventType": "Unknown"}]
    assert len(read_events(STARTED, *ignored)) == 2


def test_a_longer_export_of_the_same_run_repeats_the_ids_of_the_shorter_one() -> None:
    whole = read_events(STARTED, SCHEDULED, RUNNING, event(5, "ActivityTaskCompleted", scheduledEventId="2"))
    assert read_events(STARTED, SCHEDULED) == whole[:3]


@pytest.mark.parametrize("document", [[{"events": [STARTED]}, {"events": [STARTED]}], [STARTED, SCHEDULED]])
def test_a_file_may_hold_a_list_of_histories_or_of_events(document: Any) -> None:
    assert read(json.dumps(document).encode(), "h.json")[0].task_id == "run-1"


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({}, "events: missing"),
        ({"events": []}, "events: expected at least one event"),
        ({"events": [SCHEDULED]}, "events[0].eventType: expected WorkflowExecutionStarted as the first event"),
        ({"events": [{**STARTED, "eventType": True}]}, "events[0].eventType: expected a text, not true"),
        ({"events": [STARTED, {**SCHEDULED, "eventTime": "soon"}]}, "events[1].eventTime: expected a date such as"),
        ({"events": [STARTED, {**SCHEDULED, "eventId": None}]}, "events[1].eventId: missing"),
        ({"events": [STARTED, {**SCHEDULED, "eventId": 1.5}]}, "events[1].eventId: expected a whole number"),
        ([{"events": [STARTED, RUNNING]}], "[0].events[1].activityTaskStartedEventAttributes.scheduledEventId:"),
        ([7], "[0]: expected an object, not 7"),
        (7, "the document: expected a list, not 7"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_the_path_of_its_value(document: Any, fault: str) -> None:
    with pytest.raises(BrokenFile) as caught:
        read(json.dumps(document).encode(), "h.json")
    assert fault in str(caught.value)
