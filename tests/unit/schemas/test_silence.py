"""The limit of a task's silence, as its events give it: whatever stands there, readers have a number or none."""

import math
from typing import Any

import pytest

from tasker_schemas.silence import MAX_SILENCE_S, SILENCE_LIMIT, longest_silence, silence_limit


@pytest.mark.parametrize("value", [0, -1, math.nan, True, "600", None, [600], -math.inf])
def test_what_is_no_number_of_seconds_gives_no_limit(value: Any) -> None:
    assert silence_limit({SILENCE_LIMIT: value}) is None


@pytest.mark.parametrize(
    ("value", "limit"),
    [(600, 600.0), (0.5, 0.5), (math.inf, MAX_SILENCE_S), (10**400, MAX_SILENCE_S), (4e7, MAX_SILENCE_S)],
)
def test_a_limit_is_a_number_of_seconds_of_at_most_a_year(value: float, limit: float) -> None:
    assert silence_limit({SILENCE_LIMIT: value}) == limit


def test_the_longest_limit_holds_in_any_order() -> None:
    events = [None, {}, {SILENCE_LIMIT: 60}, {SILENCE_LIMIT: "never"}, {SILENCE_LIMIT: 3600, "region": "eu"}]
    assert longest_silence(events) == longest_silence(events[::-1]) == 3600.0
    assert longest_silence([]) is None
