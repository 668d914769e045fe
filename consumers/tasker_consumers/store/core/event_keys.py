"""The key of an event's rows: a UUIDv7, whose order is that of time, whatever id the event came with."""

import re
from collections.abc import Iterable
from functools import lru_cache

from tasker_consumers.units import DAY_US
from tasker_schemas.identity import event_id_of

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


def days_of(keys: Iterable[str]) -> set[int]:
    """Return the days of keys; beside midnight, the next day may be among them without a key of its own.

    >>> days_of(["018bcfe5-6800-7000-8000-000000000000", "018bcfe5-6801-7000-8000-000000000000"])
    {19675}
    """
    minutes = {key[:8] for key in keys}  # 65 seconds each: few of them have to be read as numbers
    return {int(f"{minute}{end}", 16) * 1000 // DAY_US for minute in minutes for end in ("0000", "ffff")}


@lru_cache(maxsize=1024)
def first_key(timestamp: int) -> str:
    """Return the smallest key that an event of this time (microseconds) can have.

    >>> first_key(1_700_000_000_000_000)
    '018bcfe5-6800-0000-0000-000000000000'
    """
    text = f"{min(max(0, timestamp // 1000), (1 << 48) - 1):012x}"
    return f"{text[:8]}-{text[8:]}-0000-0000-000000000000"
