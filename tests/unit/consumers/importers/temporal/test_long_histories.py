"""Reading a Temporal history takes work in proportion to its length."""

import json
import sys
from typing import Any

from tasker_consumers.importers.temporal.history import read
from tests.unit.consumers.importers.temporal.test_resets import OPENING, event


def history(activities: int) -> bytes:
    events: list[dict[str, Any]] = list(OPENING)
    for number in range(4, 4 + 3 * activities, 3):
        events += [
            event(number, 1, "ActivityTaskScheduled", activityId=str(number), activityType={"name": "Charge"}),
            event(number + 1, 2, "ActivityTaskStarted", scheduledEventId=str(number), attempt=1),
            event(number + 2, 3, "ActivityTaskCompleted", scheduledEventId=str(number)),
        ]
    return json.dumps({"events": events}).encode()


def calls_of_reading(raw: bytes) -> int:
    """Count the calls of functions, generators included: unlike time, their number is the same under any load."""
    calls = 0

    def count(_frame: object, kind: str, _argument: object) -> None:
        nonlocal calls
        calls += kind in ("call", "c_call")

    previous = sys.getprofile()
    sys.setprofile(count)
    try:
        read(raw, "h.json")
    finally:
        sys.setprofile(previous)
    return calls


def test_twice_the_events_take_at_most_two_and_a_half_times_the_calls() -> None:
    assert calls_of_reading(history(800)) <= 2.5 * calls_of_reading(history(400))
