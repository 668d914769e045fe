"""The moments that a run can be looked at."""

from datetime import UTC, datetime

import pytest

from tasker_consumers.trace_view.moments import read_run_moment
from tasker_schemas.errors import UsageError

START = datetime(2026, 1, 31, 3, 12, 30, tzinfo=UTC)
PRESENT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("03:13", datetime(2026, 1, 31, 3, 13, tzinfo=UTC)),
        ("03:12:45", datetime(2026, 1, 31, 3, 12, 45, tzinfo=UTC)),
        ("02:00", datetime(2026, 2, 1, 2, tzinfo=UTC)),
        ("+90s", datetime(2026, 1, 31, 3, 14, tzinfo=UTC)),
        ("2026-01-31T04:00", datetime(2026, 1, 31, 4, tzinfo=UTC)),
        ("1d", datetime(2026, 2, 28, tzinfo=UTC)),
    ],
)
def test_a_moment_of_a_run_is_a_clock_time_an_offset_or_a_date(text: str, moment: datetime) -> None:
    assert read_run_moment(text, round(START.timestamp() * 1e6), PRESENT) == round(moment.timestamp() * 1e6)


@pytest.mark.parametrize("text", ["", "+", "+soon", "later", "99:99"])
def test_anything_else_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no (time|duration)"):
        read_run_moment(text, round(START.timestamp() * 1e6), PRESENT)


def test_a_run_outside_of_every_calendar_has_no_clock_time() -> None:
    with pytest.raises(UsageError, match="the run has no date"):
        read_run_moment("03:12", 10**18, PRESENT)
