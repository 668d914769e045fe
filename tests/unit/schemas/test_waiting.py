"""The sign that an event gives: that its task or step waits, or that work goes on; whatever its attributes hold."""

from typing import Any

import pytest

from tasker_schemas.silence import MAX_SILENCE_S, SILENCE_LIMIT
from tasker_schemas.waiting import UNKNOWN_REASON, WAITING_FOR, WAITING_UNTIL, Sign, sign_of

T0 = 1_700_000_000_000_000


def sign(name: str = "observability.step.waiting", attributes: Any = None, **fields: Any) -> Sign:
    return sign_of({"event_name": name, "timestamp": T0, "attributes": attributes, **fields})


def test_a_waiting_event_gives_reason_attempt_end_and_limit() -> None:
    attributes = {WAITING_FOR: "timer", WAITING_UNTIL: "2023-11-14T22:13:21Z", SILENCE_LIMIT: 60}
    assert sign(attributes=attributes, attempt_number=2) == Sign(T0, "timer", 2, T0 + 1_000_000, 60.0)


def test_any_other_event_says_that_work_goes_on() -> None:
    assert sign("observability.step.progress", {WAITING_FOR: "timer"}, attempt_number=2) == Sign(T0, attempt=2)


@pytest.mark.parametrize("reason", [None, "", "  ", 5, True])
def test_a_reason_that_is_no_text_is_unknown(reason: Any) -> None:
    assert sign(attributes={WAITING_FOR: reason}).reason == UNKNOWN_REASON
    assert sign().reason == UNKNOWN_REASON


def test_a_long_reason_is_cut() -> None:
    assert sign(attributes={WAITING_FOR: "x" * 10_000}).reason == "x" * 200


@pytest.mark.parametrize("until", [None, "monday", 5, "", "1969-12-31T00:00:00Z", "99999-01-01T00:00:00Z"])
def test_a_moment_that_cannot_be_read_is_unknown(until: Any) -> None:
    assert sign(attributes={WAITING_UNTIL: until}).until == 0


def test_a_moment_without_a_zone_is_in_utc_and_at_most_a_year_ahead() -> None:
    assert sign(attributes={WAITING_UNTIL: "2023-11-14T22:13:21"}).until == T0 + 1_000_000
    assert sign(attributes={WAITING_UNTIL: "2553-01-01T00:00:00Z"}).until == T0 + MAX_SILENCE_S * 1_000_000


def test_of_two_signs_of_the_same_moment_the_waiting_is_greater() -> None:
    assert max(Sign(T0, attempt=9), Sign(T0, "timer")).reason == "timer"
    assert max(Sign(T0 + 1), Sign(T0, "timer")).reason == ""
