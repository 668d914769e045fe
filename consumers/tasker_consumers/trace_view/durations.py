"""Lengths of time, and of waits, as a person reads them."""

from collections.abc import Mapping
from typing import Any

from tasker_consumers.times import time_text
from tasker_consumers.waits import shown_status
from tasker_schemas.waiting import WAITING

_MICRO, _MILLI, _SECOND, _MINUTE = 1_000, 1_000_000, 1_000_000_000, 60_000_000_000
_MAX_REASON = 60  # characters
_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def duration_text(nanoseconds: int) -> str:
    """Return a duration with three digits, from a minute on in its two largest units.

    >>> [duration_text(n) for n in (17_000, 12_300_000, 999_999_000, 624_180_000_000, 90_000_000_000_000)]
    ['17 µs', '12.3 ms', '1.00 s', '10m 24s', '1d 1h']
    """
    if nanoseconds < 0:
        return f"-{duration_text(-nanoseconds)}"
    if nanoseconds >= _MINUTE - _SECOND // 200:
        return _in_units(round(nanoseconds / _SECOND))
    for name, unit in (("s", _SECOND), ("ms", _MILLI)):
        if nanoseconds >= unit - unit // 2000:
            value = nanoseconds / unit
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0  # noqa: PLR2004  three digits in all
            return f"{value:.{digits}f} {name}"
    return f"{nanoseconds // _MICRO} µs"


def offset_text(nanoseconds: int) -> str:
    """Return a distance from the start of a run.

    >>> [offset_text(n) for n in (0, 1_234_000_000, 624_180_000_000, -2_000_000)]
    ['+0.000', '+1.234', '+10:24.180', '-0.002']
    """
    sign, milliseconds = ("-" if nanoseconds < 0 else "+"), round(abs(nanoseconds) / _MILLI)
    seconds, fraction = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{sign}{hours}:{minutes:02}:{seconds:02}.{fraction:03}"
    return f"{sign}{minutes}:{seconds:02}.{fraction:03}" if minutes else f"{sign}{seconds}.{fraction:03}"


def wait_text(stats: Mapping[str, Any], now_us: int) -> str:
    """Return what a task waits for and since when; empty for a task that does not wait.

    >>> stats = {"status": "in_progress", "waiting_for": "approval", "waiting_since": 0, "waiting_step": "pay"}
    >>> wait_text(stats, 10_800_000_000)
    'approval since 3h 00m, in step pay'
    """
    if shown_status(stats) != WAITING:
        return ""
    reason: str = stats["waiting_for"]
    shown = reason if len(reason) <= _MAX_REASON else f"{reason[:_MAX_REASON]}…"
    parts = [f"{shown} since {duration_text(max(0, now_us - stats['waiting_since']) * 1000)}"]
    if stats.get("waiting_until") is not None:
        parts.append(f"until {time_text(stats['waiting_until'])}")
    if stats.get("waiting_step") is not None:
        parts.append(f"in step {stats['waiting_step']}")
    return ", ".join(parts)


def status_text(stats: Mapping[str, Any], now_us: int) -> str:
    """Return the status of a task, and what it waits for.

    >>> status_text({"status": "complete"}, 0)
    'complete'
    """
    wait = wait_text(stats, now_us)
    return f"{WAITING} for {wait}" if wait else str(stats["status"])


def _in_units(seconds: int) -> str:
    parts: list[str] = []
    for name, unit in _UNITS:
        amount, seconds = divmod(seconds, unit)
        if amount or parts:
            parts.append(f"{amount:02}{name}" if parts and name != "h" else f"{amount}{name}")
    return " ".join(parts[:2])
