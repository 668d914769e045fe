"""Points in time as people write them."""

from datetime import UTC, datetime

import pytest

from tasker_consumers.times import read_duration, read_moment
from tasker_schemas.errors import UsageError

PRESENT = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T11:00", datetime(2026, 1, 31, 11, tzinfo=UTC)),
        ("2026-01-31T12:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31 12:00 Europe/Berlin", datetime(2026, 1, 31, 11, tzinfo=UTC)),
        ("2026-07-31 12:00 Europe/Berlin", datetime(2026, 7, 31, 10, tzinfo=UTC)),
        ("90m", datetime(2026, 1, 31, 11, tzinfo=UTC)),
        ("15m ago", datetime(2026, 1, 31, 12, 15, tzinfo=UTC)),
        ("1.5d", datetime(2026, 1, 30, 0, 30, tzinfo=UTC)),
        ("1w", datetime(2026, 1, 24, 12, 30, tzinfo=UTC)),
        ("12:30", datetime(2026, 1, 31, 12, 30, tzinfo=UTC)),
        ("14:00", datetime(2026, 1, 30, 14, tzinfo=UTC)),
        ("9:05:30", datetime(2026, 1, 31, 9, 5, 30, tzinfo=UTC)),
        ("13:00 Europe/Berlin", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("now", PRESENT),
        ("today", datetime(2026, 1, 31, tzinfo=UTC)),
        ("yesterday", datetime(2026, 1, 30, tzinfo=UTC)),
        ("1969-01-01", datetime(1970, 1, 1, tzinfo=UTC)),
        ("999999999d", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_date_a_clock_time_a_day_or_a_time_ago(text: str, moment: datetime) -> None:
    assert read_moment(text, PRESENT) == moment.timestamp() * 1000


@pytest.mark.parametrize("text", ["", "soon", "5 weeks", "2026-13-01", "25:00", "-5m", "1e3d", "9" * 400 + "d"])
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="is no time; write"):
        read_moment(text, PRESENT)


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(UsageError, match="'Mars/Olympus' is no time zone"):
        read_moment("14:00 Mars/Olympus", PRESENT)


def test_a_clock_time_that_summer_time_leaves_out_is_refused() -> None:
    with pytest.raises(UsageError, match="clocks went forward"):
        read_moment("2026-03-29 02:30 Europe/Berlin", PRESENT)


@pytest.mark.parametrize("text", ["", "7", "forever", "-1h"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError, match="is no duration"):
        read_duration(text)
