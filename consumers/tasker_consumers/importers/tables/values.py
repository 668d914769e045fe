"""The times, durations and words of tables."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from tasker_consumers.importers.documents.node import Node
from tasker_consumers.importers.options import ReadOptions
from tasker_consumers.importers.tables.rows import Cell
from tasker_consumers.importers.times import LATEST, parse_date, since_epoch
from tasker_schemas.names import State

_UNTOLD = ("", "-", "null", "none", "nan", "nat", "n/a")
#: Numbers from these on count milliseconds, microseconds and nanoseconds; below them, seconds.
_UNITS = ((Decimal(10) ** 17, Decimal("0.001")), (Decimal(10) ** 14, Decimal(1)), (Decimal(10) ** 11, Decimal(1000)))
_SECOND = Decimal(1_000_000)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)(?![a-z])")
_MICROS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}

STATES: Mapping[str, State] = {
    **dict.fromkeys(
        ("complete", "completed", "success", "succeeded", "successful", "ok", "done", "finished", "passed", "cached"),
        State.COMPLETE,
    ),
    **dict.fromkeys(("error", "failed", "failure", "fail", "timeout", "timed_out", "timedout", "crashed"), State.ERROR),
    **dict.fromkeys(("cancelled", "canceled", "aborted", "abort", "skipped", "killed"), State.CANCELLED),
    **dict.fromkeys(("running", "in_progress", "started", "active"), State.IN_PROGRESS),
    **dict.fromkeys(("pending", "waiting", "queued", "scheduled", "submitted", "new", "ready"), State.PENDING),
}


def is_untold(cell: Cell) -> bool:
    """Whether a value says that there is none."""
    return cell.value.lower() in _UNTOLD


def read_moment(cell: Cell, options: ReadOptions) -> int:
    """Return a time in microseconds: a date, or a number since the epoch; raise BrokenFile.

    Without a unit the size of a number tells whether it counts seconds, milliseconds, microseconds or nanoseconds.
    """
    number = _number(cell.value)
    if number is not None:
        micros = options.epoch + round(number * next((unit for least, unit in _UNITS if abs(number) >= least), _SECOND))
    else:
        date = parse_date(cell.value)
        if date is None:
            cell.refuse("a time, such as 2021-03-23T06:04:36Z or seconds since 1970")
        micros = since_epoch(date if date.tzinfo else _in_zone(date, options))
    if not 0 <= micros <= LATEST:
        cell.refuse("a time between 1970 and 2262; --epoch says what numbers count from")
    return micros


def _in_zone(date: datetime, options: ReadOptions) -> datetime:
    return date.replace(tzinfo=options.timezone)


def read_duration(cell: Cell) -> int:
    """Return a duration in microseconds: seconds, or a text such as `1h 2m 3.5s`; raise BrokenFile.

    >>> read_duration(Cell("1m 2.5s", 2, "realtime")), read_duration(Cell("0.25", 2, "duration"))
    (62500000, 250000)
    """
    number = _number(cell.value)
    if number is not None and 0 <= number < LATEST / _SECOND:
        return round(number * _SECOND)
    parts = _DURATION.findall(cell.value)
    if not parts or _DURATION.sub("", cell.value).strip():
        cell.refuse("a duration, such as 12.5 or 1m 3s")
    return round(sum(Decimal(amount) * _MICROS[unit] for amount, unit in parts))


def read_state(cell: Cell, options: ReadOptions) -> State:
    """Return the state that a word means; raise BrokenFile."""
    word = cell.value.lower()
    state = options.statuses.get(word) or STATES.get(word)
    if state is None:
        cell.refuse(f'a known status; say what it means: --status "{cell.value[:40]}=complete"')
    return state


def read_attempt(cell: Cell) -> int:
    """Return the number of an attempt, from 1; raise BrokenFile."""
    return max(1, Node(cell.value, cell.place).integer())


def _number(text: str) -> Decimal | None:
    if not text or text[-1] not in "0123456789.":
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number.adjusted() < len(str(LATEST)) + 4 else None
