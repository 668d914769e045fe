"""Moments are microseconds since the epoch; numbers in another unit are named, not taken."""

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from tasker_producer import OnMisuse, ProducerSettings, UsageError
from tasker_producer.record.moments import LAST_MOMENT, iso_text, micros
from tasker_producer.testing import RecordingPublisher

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
NOON_MICROS = 1_748_779_200_000_000
WRONG: list[tuple[Any, str]] = [
    (1_800_000_000_123_456_789, "nanoseconds"),
    (1_800_000_000, "look like seconds"),
    (1_800_000_000_123, "milliseconds"),
    (-1, "between 1970"),
    (datetime(1969, 12, 31, tzinfo=UTC), "between 1970"),
    (datetime.max.replace(tzinfo=UTC), "between 1970"),
    (LAST_MOMENT + 1, "nanoseconds"),
    (datetime(2025, 6, 1, 12), "needs a time zone"),  # noqa: DTZ001
    ("yesterday", "no moment in ISO 8601"),
    (True, "microseconds since the epoch"),
    (1.5, "microseconds since the epoch"),
]


@pytest.mark.parametrize(
    "value",
    [
        NOON, NOON_MICROS, np.int64(NOON_MICROS), "2025-06-01T12:00:00Z", "2025-06-01T14:00:00+02:00",
        NOON.astimezone(timezone(timedelta(hours=-5))),
    ],
)  # fmt: skip
def test_a_moment_is_read_in_every_form(value: Any) -> None:
    assert micros(value) == NOON_MICROS
    assert iso_text(NOON_MICROS) == "2025-06-01T12:00:00+00:00"


@pytest.mark.parametrize("moment", [0, LAST_MOMENT])
def test_the_first_and_the_last_moment_are_taken(moment: int) -> None:
    assert micros(moment) == moment


@pytest.mark.parametrize(("value", "message"), WRONG)
@pytest.mark.parametrize("field", ["timestamp", "started_at"])
def test_a_wrong_moment_is_a_mistake_that_production_leaves_out(field: str, value: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        RecordingPublisher().publish_step_handle(task_id=1, step_id="s", **{field: value})
    lenient = RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG))
    before = time.time_ns() // 1000
    lenient.publish_step_handle(task_id=1, step_id="s", **{field: value})
    fields = lenient.assert_published("step.handle", started_at=None).fields
    assert fields["timestamp"] >= before
    assert lenient.stats()["misused"] == 1
