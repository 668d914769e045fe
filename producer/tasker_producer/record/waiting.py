"""The attributes by which an event says how long its task may be silent, and what it waits for."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tasker_producer.record.fields import seconds
from tasker_producer.record.misuse import Misuse
from tasker_producer.record.moments import iso_text, micros
from tasker_schemas.errors import UsageError
from tasker_schemas.silence import SILENCE_LIMIT
from tasker_schemas.waiting import WAITING_FOR, WAITING_UNTIL


def silence_attributes(value: Any, misuse: Misuse) -> dict[str, Any]:
    """Return the attribute of a limit of silence; none for None, and for a value that is no limit, a mistake."""
    return _attribute(SILENCE_LIMIT, value, _positive_seconds, "silence_limit: seconds above 0 are expected", misuse)


def waiting_attributes(misuse: Misuse, reason: Any, until: Any, silence_limit: Any) -> dict[str, Any]:
    """Return the attributes of a waiting event; an argument that cannot be read is a mistake, and left out.

    >>> waiting_attributes(Misuse(strict=True), "timer", 1_500_000_000_000_000, 60)
    {'waiting_for': 'timer', 'waiting_until': '2017-07-14T02:40:00+00:00', 'silence_limit_seconds': 60.0}
    """
    expected = "until: a datetime with a time zone, or microseconds since the epoch, is expected"
    readable = None if reason is None else misuse.identifier(WAITING_FOR, reason)
    return {
        **({} if readable is None else {WAITING_FOR: readable}),
        **_attribute(WAITING_UNTIL, until, _moment, expected, misuse),
        **silence_attributes(silence_limit, misuse),
    }


def _attribute(name: str, value: Any, read: Callable[[Any], Any], expected: str, misuse: Misuse) -> dict[str, Any]:
    if value is None:
        return {}
    with suppress(Exception):  # the value's own code runs here
        return {name: read(value)}
    misuse.report(UsageError(f"{expected}; got a value of type {type(value).__name__}"))
    return {}


def _positive_seconds(value: Any) -> float:
    limit = seconds(value)
    if not limit > 0:
        raise ValueError("a limit of silence is above 0")
    return limit


def _moment(value: Any) -> str:
    return iso_text(micros(value))
