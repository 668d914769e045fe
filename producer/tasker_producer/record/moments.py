"""Moments as services have them, made into microseconds since the epoch, UTC."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tasker_producer.record.identifiers import plain_text, whole_number

Moment = datetime | int | str

#: The last microsecond that OTLP's nanoseconds can hold: 2554-07-21T23:34:33 UTC.
LAST_MOMENT = ((1 << 64) - 1) // 1000
#: Whole numbers from here on are microseconds without doubt: 1973 and later.
FIRST_CLEAR_MOMENT = 10**14

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECONDS = range(10**9, 10**11)
_MILLISECONDS = range(10**12, 10**14)


def micros(value: Moment) -> int:
    """Return a moment as microseconds since the epoch, UTC; ISO 8601 text is read as well.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)), micros("1970-01-01T00:00:01Z"), micros(5)
    (1000000, 1000000, 5)

    Raises ValueError for a datetime without a time zone, which would mean another moment on another machine, for a
    moment before 1970 or after July 2554, and for a number that looks like seconds, milliseconds or nanoseconds.
    """
    if isinstance(value, str):
        value = _read_moment(plain_text(value))
    return _micros_of_datetime(value) if isinstance(value, datetime) else _micros_of_number(value)


def current_micros() -> int:
    """Return the present moment in microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


def iso_text(moment: int) -> str:
    """Return a moment in microseconds as ISO 8601 text in UTC.

    >>> iso_text(1_500_000)
    '1970-01-01T00:00:01.500000+00:00'
    """
    return (_EPOCH + timedelta(microseconds=moment)).isoformat()


def _micros_of_datetime(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError("a datetime needs a time zone; use datetime.now(UTC)")
    return _in_range((moment - _EPOCH) // _MICROSECOND)


def _micros_of_number(value: Any) -> int:
    try:
        number = whole_number(value)
    except ValueError as error:
        raise ValueError("a datetime with a time zone, or microseconds since the epoch, is expected") from error
    if number in _SECONDS:
        raise ValueError("microseconds are expected; these look like seconds")
    if number in _MILLISECONDS:
        raise ValueError("microseconds are expected; these look like milliseconds")
    if number > LAST_MOMENT:
        raise ValueError("microseconds are expected; these look like nanoseconds")
    return _in_range(number)


def _in_range(number: int) -> int:
    if not 0 <= number <= LAST_MOMENT:
        raise ValueError("a moment lies between 1970-01-01 and 2554-07-21")
    return number


def _read_moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("the text is no moment in ISO 8601") from None  # without the text, which may be a secret
