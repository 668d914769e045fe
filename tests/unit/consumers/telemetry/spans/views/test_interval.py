"""A span's times are those of one delivery, and every repair is marked and takes the span's events along."""

from typing import Any

import pytest

from tasker_consumers.telemetry.spans.attributes import CLAMPED, OUTSIDE, SHIFTED
from tasker_consumers.telemetry.spans.views.interval import END_OF_TIME, Interval
from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.telemetry.histories import FAILURE, SECOND, T0, Told, told
from tests.support.telemetry.one_span import root_of, seconds_of, shown, step_of

PAY: dict[str, Any] = {"step_id": "pay", "step_name": "pay", "attempt_number": 1}
HOUR = 3600


def at(seconds: float) -> int:
    return T0 + round(seconds * SECOND)


def delivered(start: float, producer: str, **more: Any) -> Told:
    return told(StepEvents.HANDLE, start, started_at=at(start), producer=producer, **PAY, **more)


def ended(start: float | None, end: float, producer: str, **more: Any) -> Told:
    fields: dict[str, Any] = {"completed_at": at(end), "producer": producer, **PAY, **more}
    if start is not None:
        fields["started_at"] = at(start)
    return told(StepEvents.COMPLETED, end, **fields)


def test_a_redelivered_attempt_has_the_start_the_end_and_the_duration_of_one_delivery() -> None:
    history = [
        told(TaskEvents.START_REQUESTED, 0),
        delivered(10, "a:1"),
        delivered(3610, "b:2"),
        ended(3610, 3620, "b:2", execution_duration=10.0),
        told(TaskEvents.COMPLETED, 3621),
    ]
    span = step_of(history)
    assert seconds_of(span) == (3610, 3620)
    assert span.attributes["execution_duration"] == 10.0
    assert shown(span) == [("step.started", 10), ("step.started", 3610), ("step.completed", 3620)]


@pytest.mark.parametrize("first", [(10, 20), (10, 3700)])
def test_where_both_deliveries_end_the_span_is_that_of_the_later_end(first: tuple[int, int]) -> None:
    late = max((20, "a:1"), (3620, "b:2")) if first[1] == 20 else (3700, "a:1")
    history = [
        delivered(10, "a:1"),
        delivered(3610, "b:2"),
        ended(10, first[1], "a:1", execution_duration=float(first[1] - 10)),
        ended(3610, 3620, "b:2", execution_duration=10.0),
    ]
    expected = (3610, 3620) if late[1] == "b:2" else (10, 3700)
    assert seconds_of(step_of(history)) == expected


@pytest.mark.parametrize("duration", [None, 10.0])
def test_an_end_without_a_start_takes_that_of_its_own_delivery(duration: float | None) -> None:
    history = [delivered(10, "a:1"), delivered(3610, "b:2"), ended(None, 3620, "b:2", execution_duration=duration)]
    assert seconds_of(step_of(history)) == (3610, 3620)


def test_a_running_attempt_that_was_delivered_again_begins_with_its_last_delivery() -> None:
    assert seconds_of(step_of([delivered(10, "a:1"), delivered(3610, "b:2")])) == (3610, 3610)


STEP_END = told(StepEvents.COMPLETED, 2, started_at=at(0), completed_at=at(2), **PAY)
TASK_END = told(TaskEvents.COMPLETED, 5, started_at=at(0), completed_at=at(5))
LATE_START = told(TaskEvents.START_REQUESTED, 0, started_at=at(0))


@pytest.mark.parametrize(
    "history",
    [[STEP_END, TASK_END], [TASK_END], [LATE_START, STEP_END, TASK_END], [STEP_END, TASK_END, LATE_START]],
)
def test_a_task_begins_where_its_end_says_whether_its_start_comes_or_not(history: list[Told]) -> None:
    root = root_of(history)
    assert seconds_of(root) == (0, 5)
    assert root.attributes["execution_duration"] == 5.0


def test_a_task_without_any_start_begins_no_later_than_its_first_step() -> None:
    assert seconds_of(root_of([STEP_END, told(TaskEvents.COMPLETED, 5)])) == (0, 5)


def test_a_step_that_is_moved_takes_its_events_along() -> None:
    history = [
        told(TaskEvents.START_REQUESTED, HOUR, started_at=at(HOUR), producer="host-a:1"),
        delivered(10, "host-b:2"),
        told(
            StepEvents.FAILED, 20, started_at=at(10), completed_at=at(20), execution_duration=10.0,
            producer="host-b:2", **FAILURE, **PAY,
        ),
        told(TaskEvents.FAILED, 3640, producer="host-a:1"),
    ]  # fmt: skip
    span = step_of(history)
    assert (seconds_of(span), span.attributes[SHIFTED]) == ((3600, 3610), 3590)
    assert shown(span) == [("step.started", 3600), ("step.failed", 3610), ("exception", 3610)]


@pytest.mark.parametrize("duration", [None, 0.0])
def test_an_end_before_the_start_is_marked_whether_a_duration_hides_it_or_not(duration: float | None) -> None:
    span = step_of(
        [told(StepEvents.COMPLETED, 0, started_at=at(2), completed_at=at(0), execution_duration=duration, **PAY)]
    )
    assert (seconds_of(span), span.attributes[CLAMPED]) == ((2, 2), True)
    assert shown(span) == [("step.completed", 2)]
    assert span.attributes.get("execution_duration") == duration


def set_back(start: str, end: str, **more: Any) -> list[Told]:
    same = {"started_at": at(10), **more}
    return [told(start, 10, **same), told(end, 11, completed_at=at(5), execution_duration=5.0, **same)]


def test_a_clock_that_is_set_back_leaves_the_measured_duration_and_a_mark() -> None:
    root = root_of(set_back(TaskEvents.START_REQUESTED, TaskEvents.COMPLETED))
    step = step_of(set_back(StepEvents.HANDLE, StepEvents.COMPLETED, **PAY))
    for span in (root, step):
        assert (seconds_of(span), span.attributes["execution_duration"]) == ((10, 15), 5.0)
        assert span.attributes[CLAMPED] is True
        assert all(10 <= time <= 15 for _, time in shown(span))


def test_an_end_event_that_was_sent_a_little_later_is_shown_at_the_end_without_a_mark() -> None:
    span = step_of(
        [told(StepEvents.COMPLETED, 2.3, started_at=at(0), completed_at=at(2), execution_duration=2.0, **PAY)]
    )
    assert (shown(span), CLAMPED in span.attributes) == ([("step.completed", 2)], False)


def test_times_at_the_end_of_otlps_time_stay_within_it_and_are_marked() -> None:
    last = END_OF_TIME
    span = step_of(
        [
            told(StepEvents.HANDLE, 0, timestamp=last, started_at=last, **PAY),
            told(StepEvents.COMPLETED, 0, timestamp=last - 5, execution_duration=3.0, **PAY),
        ]
    )
    assert span.start <= span.end < 2**64
    assert span.attributes[CLAMPED] is True


def test_a_step_that_its_own_host_reports_outside_of_the_task_is_marked() -> None:
    history = [told(TaskEvents.START_REQUESTED, 5), STEP_END, told(TaskEvents.COMPLETED, 9)]
    assert step_of(history).attributes[OUTSIDE] is True
    assert OUTSIDE not in step_of([told(TaskEvents.START_REQUESTED, 0), STEP_END]).attributes


def test_an_interval_that_moves_shows_its_events_moved() -> None:
    moved = Interval(10, 20).moved(5)
    assert (moved.start, moved.end, moved.shown(12), moved.shown_end(99)) == (15, 25, 17, 25)
