"""What a task waits for, as a person reads it."""

from typing import Any

from tasker_consumers.trace_view.durations import status_text, wait_text

HOUR = 3600 * 1_000_000


def waiting(**changes: Any) -> dict[str, Any]:
    return {"status": "in_progress", "waiting_for": "approval", "waiting_since": HOUR, **changes}


def test_the_status_tells_what_a_task_waits_for_and_since_when() -> None:
    assert status_text(waiting(), 4 * HOUR) == "waiting for approval since 3h 00m"
    assert status_text({"status": "in_progress", "waiting_for": None}, 0) == "in_progress"


def test_the_end_and_the_step_are_told_where_they_are_known() -> None:
    text = wait_text(waiting(waiting_until=2 * HOUR, waiting_step="pay"), HOUR)
    assert text == "approval since 0 µs, until 1970-01-01 02:00:00.000Z, in step pay"


def test_a_clock_that_is_behind_tells_no_negative_time_and_a_long_reason_is_cut() -> None:
    assert wait_text(waiting(waiting_for="x" * 61), 0) == f"{'x' * 60}… since 0 µs"


def test_an_abandoned_task_is_shown_as_abandoned() -> None:
    assert status_text(waiting(status="abandoned"), HOUR) == "abandoned"
