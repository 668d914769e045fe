"""The key of an event's rows: a UUIDv7, whose order is that of time, whatever id the event came with."""

import re
from functools import lru_cache

from tasker_schemas.identity import event_id_of

DAY_US = 24 * 3600 * 1_000_000
HOUR_US = 3600 * 1_000_000
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def event_key(event_id: str, timestamp: int) -> str:
    """Return an event's id where it is a UUIDv7, else a UUIDv7 that always stands for this id at this time.

    >>> event_key("0190b2a4-0000-7000-8000-000000000000", 0)
    '0190b2a4-0000-7000-8000-000000000000'
    >>> event_key("order 42", 1_700_000_000_000_000)[:13]
    '018bcfe5-6800'
    """
    lowered = event_id.lower()
    return lowered if _UUID7.fullmatch(lowered) else event_id_of(event_id, timestamp)


def time_of(key: str) -> int:
    """Return the time in a key, in microseconds since 1970.

    >>> time_of("018bcfe5-6800-7000-8000-000000000000")
    1700000000000000
    """
    return int(key[:8] + key[9:13], 16) * 1000


def day_of(key: str) -> int:
    """Return the day of a key, in days since 1970."""
    return time_of(key) // DAY_US


@lru_cache(maxsize=1024)
def first_key(timestamp: int) -> str:
    """Return the smallest key that an event of this time (microseconds) can have.

    >>> first_key(1_700_000_000_000_000)
    '018bcfe5-6800-0000-0000-000000000000'
    """
    text = f"{min(max(0, timestamp // 1000), (1 << 48) - 1):012x}"
    return f"{text[:8]}-{text[8:]}-0000-0000-000000000000"
