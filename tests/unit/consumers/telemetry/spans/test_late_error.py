"""An error that came too late for its span becomes a span of its own."""

from typing import Any

from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.spans.attributes import LATE
from tasker_consumers.telemetry.spans.span import ERROR
from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.telemetry.histories import FAILURE, Told, attempt, failed_order, told
from tests.support.telemetry.span_rules import broken_rules
from tests.support.telemetry.task import Task


def late_success(**more: Any) -> list[Told]:
    return [
        told(TaskEvents.START_REQUESTED, 0, **more),
        *attempt("a", 1, 2, **more),
        told(TaskEvents.COMPLETED, 3, **more),
    ]


def test_a_late_error_becomes_a_span_linked_to_the_one_it_came_too_late_for() -> None:
    task = Task(Policy())
    done = {span.attributes.get("step_id"): span for span in task.hear(late_success())}
    late = told(StepEvents.FAILED, 2.5, step_id="a", step_name="a_step", **FAILURE)
    (follow_up,) = task.hear([late, late])
    assert follow_up.links[0].span_id == done["a"].span_id
    assert (follow_up.trace_id, follow_up.parent_span_id) == (done["a"].trace_id, done["a"].parent_span_id)
    assert (follow_up.status, follow_up.attributes[LATE], follow_up.events[0].name) == (ERROR, True, "exception")
    assert broken_rules([*done.values(), follow_up]) == []
    assert task.hear([late]) == []


def test_an_error_that_its_span_shows_already_makes_no_second_span() -> None:
    task = Task(Policy())
    task.hear(failed_order())
    last = told(StepEvents.MAX_RETRIES_REACHED, 2, step_id="charge", attempt_number=1, **{**FAILURE, "backtrace": []})
    assert task.hear([last]) == []


def test_a_late_event_that_is_no_error_makes_no_span() -> None:
    task = Task(Policy())
    task.hear(late_success())
    assert task.hear([told(StepEvents.BEFORE_HANDLE, 1, step_id="a")]) == []
