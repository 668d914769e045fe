"""Failed attempts counted by fingerprint, names, and hour or day: those of the key, by which retention goes, too."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from hashlib import sha256
from operator import itemgetter
from typing import Any

from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Row
from tasker_consumers.units import DAY_US, HOUR_US

_INDEXES = {name: index for index, name in enumerate(tables.failed_attempts.columns.keys())}
_names_of = itemgetter(
    *(_INDEXES[name] for name in ("fingerprint", "task_name", "step_name", "service", "service_version"))
)
_TIME = _INDEXES["happened_at"]
_HOUR_MS = HOUR_US // 1000


def counts_of(failures: Collection[Row]) -> list[Row]:
    """Return the rows of `error_counts` for rows of `failed_attempts`, in the order of their keys."""
    rows: list[Row] = []
    for hour, failures_of_hour in _by_hour(failures):
        times_by_names: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
        for row in failures_of_hour:
            times_by_names[_names_of(row)].append(row[_TIME])
        rows += [
            (names[0], hour * HOUR_US, dimension_of(names[1:]), *names[1:], len(times), min(times), max(times))
            for names, times in times_by_names.items()
        ]
    return sorted(rows, key=lambda row: row[:3])


def _by_hour(failures: Collection[Row]) -> Iterable[tuple[int, Collection[Row]]]:
    """Return hours with the failures of each: mostly there is a single hour."""
    if not failures:
        return ()
    keys = [row[0] for row in failures]
    first = _hour_of(min(keys))
    if first == _hour_of(max(keys)):
        return [(first, failures)]
    hours: defaultdict[int, list[Row]] = defaultdict(list)
    for row in failures:
        hours[_hour_of(row[0])].append(row)
    return hours.items()


def _hour_of(event_id: str) -> int:
    return int(event_id[:8] + event_id[9:13], 16) // _HOUR_MS


def days_of_counts(hours: Iterable[Row]) -> list[Row]:
    """Return the rows of `error_days` for rows of `error_counts`, in the order of their keys.

    >>> hours = [("1-a", 3 * HOUR_US, "d", None, None, None, None, 2, 7, 9)]
    >>> days_of_counts([*hours, ("1-a", 4 * HOUR_US, "d", None, None, None, None, 1, 4, 8)])
    [('1-a', 0, 'd', None, None, None, None, 3, 4, 9)]
    """
    days: dict[tuple[str, int, str], Row] = {}
    for row in hours:
        key = (row[0], row[1] // DAY_US * DAY_US, row[2])
        former = days.get(key)
        bounds = row[-3:] if former is None else _together(former[-3:], row[-3:])
        days[key] = (*key, *row[3:-3], *bounds)
    return [days[key] for key in sorted(days)]


def _together(former: Row, added: Row) -> Row:
    """Return two counts with their first and last times as a single count."""
    return former[0] + added[0], min(former[1], added[1]), max(former[2], added[2])


def dimension_of(names: tuple[str | None, ...]) -> str:
    """Return the hash of the names of a count: a key has less room than they may take.

    >>> dimension_of(("order", "charge", "shop", None))
    'f7ccea18906c89a4197c0e3f650eaa84'
    """
    return sha256("\x1f".join(name or "" for name in names).encode("utf-8", "replace")).hexdigest()[:32]
