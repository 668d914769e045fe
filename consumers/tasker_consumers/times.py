"""Points in time as people write them."""

import re
from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from tasker_schemas.errors import UsageError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AGO = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(s|m|h|d|w)(?:\s+ago)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DAYS_AGO = {"today": 0, "yesterday": 1}
_CLOCK = re.compile(r"(\d{1,2}:\d{2}(?::\d{2})?)")


def read_moment(text: str, present: datetime) -> int:
    """Return a moment in milliseconds since the epoch, never less than 0; `present` is the time of the question.

    Understood are ISO 8601 (`2026-01-31T14:00+01:00`), a time of the day (`14:00`, the last before `present`),
    `now`, `today`, `yesterday` (their midnight), and how long ago (`90s`, `15m`, `2h`, `7d`, `1w`). A time without a
    zone is UTC; a zone's name may follow (`2026-01-31 14:00 Europe/Berlin`).

    >>> read_moment("2h", datetime(2026, 1, 1, 2, tzinfo=UTC)) == read_moment("2026-01-01", datetime.now(UTC))
    True

    Raises UsageError for anything else.
    """
    phrase = text.strip()
    if ago := _AGO.fullmatch(phrase):
        return max(0, round((present.timestamp() - float(ago[1]) * _SECONDS[ago[2]]) * 1000))
    phrase, zone = _split_zone(phrase)
    try:
        moment = _read_local(phrase, present.astimezone(zone))
        milliseconds = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no time; write 2026-01-31T14:00 (UTC), 2026-01-31T14:00+01:00, 14:00, yesterday, "
            f"or how long ago: 90s, 15m, 2h, 7d, 1w"
        ) from None
    if moment.tzinfo is zone and moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment.replace(
        tzinfo=None
    ):
        raise UsageError(f"{text!r} did not exist: clocks went forward then; write another time, or one with +01:00")
    return max(0, milliseconds)


def time_text(micros: int | None) -> str:
    """Return a moment as date and time in UTC; a moment that no calendar has as a bare number.

    >>> time_text(1_748_779_200_123_456), time_text(10**18), time_text(None)
    ('2025-06-01 12:00:00.123Z', '1000000000000000000 µs', '-')
    """
    if micros is None:
        return "-"
    try:
        moment = _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return f"{micros} µs"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}Z"


def read_duration(text: str) -> float:
    """Return the seconds of a duration: `90s`, `15m`, `2h`, `7d`, `1w`.

    >>> read_duration("1.5h")
    5400.0

    Raises UsageError for anything else.
    """
    if duration := _AGO.fullmatch(text.strip()):
        return float(duration[1]) * _SECONDS[duration[2]]
    raise UsageError(f"{text!r} is no duration; write 90s, 15m, 2h, 7d or 1w")


def _split_zone(phrase: str) -> tuple[str, ZoneInfo | timezone]:
    moment, space, zone = phrase.rpartition(" ")
    if not space or not zone[:1].isupper():
        return phrase, UTC
    try:
        return moment.strip(), ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"{zone!r} is no time zone; write a name like Europe/Berlin") from None


def _read_local(phrase: str, present: datetime) -> datetime:
    """Return the moment that a phrase names in the zone of `present`; raises ValueError."""
    if phrase == "now":
        return present
    midnight = present.replace(hour=0, minute=0, second=0, microsecond=0)
    if phrase in _DAYS_AGO:
        return midnight - timedelta(days=_DAYS_AGO[phrase])
    if _CLOCK.fullmatch(phrase):
        clock = time.fromisoformat(phrase if phrase[2] == ":" else f"0{phrase}")
        moment = midnight.replace(hour=clock.hour, minute=clock.minute, second=clock.second)
        return moment if moment <= present else moment - timedelta(days=1)
    moment = datetime.fromisoformat(phrase)
    return moment if moment.tzinfo else moment.replace(tzinfo=present.tzinfo)
