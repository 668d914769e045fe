"""Events of a span: those of its own, annotations, and exceptions."""

from tasker_consumers.telemetry.spans.span import ERROR
from tasker_schemas.names import WorkflowEvents
from tests.support.telemetry.histories import (
    T0,
    TASK,
    failed_order,
    order,
    place,
    told,
)
from tests.support.telemetry.one_span import named, root_of, step_of


def test_a_failed_attempt_has_its_error_as_an_exception_event() -> None:
    span = step_of(order(), step_id="charge", attempt_number=1)
    exception = span.events[-1]
    assert (span.status, span.message) == (ERROR, "no answer")
    assert [event.name for event in span.events] == ["step.started", "step.failed", "exception"]
    assert exception.attributes == {
        "exception.type": "gateway.Timeout",
        "exception.message": "no answer",
        "exception.stacktrace": "a.py:1\nb.py:2",
    }


def test_remarks_become_events_of_the_span_they_are_about() -> None:
    second = step_of(order(), step_id="charge", attempt_number=2)
    assert [event.name for event in second.events] == [
        "step.retry_requested",
        "observability.step.backoff",
        "step.started",
        "shop.payment_taken",
        "step.completed",
    ]
    assert second.events[3].attributes == {"amount": 12.5}
    assert "workflow.viable_steps_discovered" in [event.name for event in root_of(order()).events]


def test_a_wait_is_an_event_of_the_span_that_waits_at_its_time_whatever_came_before_it() -> None:
    attributes = {"waiting_for": "approval", "waiting_until": "2026-12-01T08:00:00+00:00"}
    waits = [
        told("observability.task.waiting", 3, attributes=attributes),
        told("observability.step.waiting", 3.5, step_id="charge", attempt_number=2, attributes=attributes),
    ]
    for span in (root_of([*waits, *order()]), step_of([*order(), *waits], step_id="charge", attempt_number=2)):
        (event,) = [event for event in span.events if event.name == "tasker.waiting"]
        assert event.attributes.items() >= attributes.items()
        assert event.time - T0 * 1000 in (3_000_000_000, 3_500_000_000)


def test_a_failed_task_is_an_error_with_its_exception_at_root_and_end() -> None:
    for span in (root_of(failed_order()), named("tasker.task.failed", failed_order())):
        assert (span.status, span.message) == (ERROR, "no answer")
        assert span.events[-1].name == "exception"


def test_a_workflow_event_about_a_step_stays_with_the_task() -> None:
    record = told(WorkflowEvents.STEP_COMPLETED, 2, step_id="fetch", step_name="fetch_step", trace=place(TASK))
    (event,) = [event for event in root_of([*order(), record]).events if event.name == "workflow.step_completed"]
    assert event.attributes == {"step_id": "fetch", "step_name": "fetch_step"}
