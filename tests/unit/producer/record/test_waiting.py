"""The attributes of a waiting event: whatever a caller gives, they can be read, and a mistake is named."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import pytest

from tasker_producer.record.misuse import Misuse
from tasker_producer.record.waiting import silence_attributes, waiting_attributes
from tasker_schemas.errors import UsageError
from tasker_schemas.silence import SILENCE_LIMIT
from tasker_schemas.waiting import WAITING_FOR, WAITING_UNTIL, sign_of


class Approvals(Enum):
    CREDIT = "credit approval"


@pytest.mark.parametrize("until", [datetime(2026, 12, 1, tzinfo=UTC), 1_796_083_200_000_000, "2026-12-01T00:00:00Z"])
def test_a_reader_finds_what_a_caller_gave(until: Any) -> None:
    attributes = waiting_attributes(Misuse(strict=True), Approvals.CREDIT, until, timedelta(days=7))
    event = {"event_name": "observability.task.waiting", "timestamp": 1_796_000_000_000_000, "attributes": attributes}
    assert sign_of(event)[1:] == ("credit approval", 0, 1_796_083_200_000_000, 604_800.0)


def test_a_waiting_without_a_reason_and_without_limits_has_no_attribute() -> None:
    assert waiting_attributes(Misuse(strict=True), None, None, None) == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({}, None, None), "waiting_for: "),
        (("timer", datetime(2026, 12, 1), None), "until: a datetime with a time zone"),  # noqa: DTZ001
        (("timer", "monday", None), "until: .*; got a value of type str"),
        (("timer", None, 0), "silence_limit: seconds above 0"),
    ],
)
def test_an_argument_that_cannot_be_read_is_a_mistake_and_left_out(arguments: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        waiting_attributes(Misuse(strict=True), *arguments)
    lenient = Misuse(strict=False)
    attributes = waiting_attributes(lenient, *arguments)
    assert attributes in ({}, {WAITING_FOR: "timer"})
    assert lenient.stats()["misused"] == 1
    assert WAITING_UNTIL not in attributes
    assert SILENCE_LIMIT not in attributes


def test_a_limit_of_silence_that_is_not_given_is_no_attribute() -> None:
    assert silence_attributes(None, Misuse(strict=True)) == {}
