"""A moment of a run as people name it, to look at the run as it was known then."""

import re
from datetime import UTC, datetime, timedelta

from tasker_consumers.times import read_duration, read_moment
from tasker_schemas.errors import UsageError

_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")


def read_run_moment(text: str, start: int, present: datetime) -> int:
    """Return a moment in microseconds; `start` is the run's start in microseconds.

    A clock time means its first occurrence after the run's start; `+90s` counts from the start; `read_moment` reads all
    other texts.

    >>> read_run_moment("00:00:02", 1_000_000, datetime.now(UTC))
    2000000
    >>> read_run_moment("+1.5s", 1_000_000, datetime.now(UTC))
    2500000

    Raises UsageError for text that is no moment.
    """
    moment_text = text.strip()
    if moment_text.startswith("+"):
        return start + round(read_duration(moment_text[1:]) * 1_000_000)
    if _CLOCK.fullmatch(moment_text):
        try:
            begun = datetime.fromtimestamp(start / 1_000_000, UTC)
            day_later = begun + timedelta(days=1)
        except (ValueError, OverflowError, OSError):
            raise UsageError(f"--at {text!r}: the run has no date; write +90s to count from its start") from None
        return read_moment(moment_text, day_later) * 1000
    return read_moment(moment_text, present) * 1000
