"""Points in time as people write them."""

import re
from datetime import UTC, datetime

from tasker_schemas.errors import UsageError

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def read_moment(text: str, now: datetime) -> int:
    """Return a moment in milliseconds since the epoch, from ISO 8601 (UTC by default) or from how long before `now`.

    >>> read_moment("2h", datetime(2026, 1, 1, 2, tzinfo=UTC)) == read_moment("2026-01-01", datetime.now(UTC))
    True

    Raises UsageError for anything else.
    """
    if ago := _AGO.fullmatch(text.strip()):
        return round((now.timestamp() - float(ago[1]) * _SECONDS[ago[2]]) * 1000)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{text!r} is no time; write 2026-01-31T14:00 or how long ago: 90s, 15m, 2h, 7d") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
