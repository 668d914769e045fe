"""Failed attempts counted by fingerprint, hour and names; the hour is that of the key, by which retention goes, too."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Row
from tasker_consumers.store.core.event_keys import HOUR_US, time_of

_PLACES = {name: place for place, name in enumerate(tables.failed_attempts.columns.keys())}
_NAMES = tuple(_PLACES[name] for name in ("task_name", "step_name", "service", "service_version"))
_FINGERPRINT, _TIME = _PLACES["fingerprint"], _PLACES["happened_at"]


def counts_of(failures: Iterable[Row]) -> list[Row]:
    """Return the rows of `error_counts` for rows of `failed_attempts`, in the order of their keys."""
    counts: dict[tuple[Any, ...], list[int]] = {}
    for row in failures:
        happened_at = row[_TIME]
        key = (row[_FINGERPRINT], time_of(row[0]) // HOUR_US * HOUR_US, *(row[place] for place in _NAMES))
        count = counts.get(key)
        if count is None:
            counts[key] = [1, happened_at, happened_at]
        else:
            count[:] = count[0] + 1, min(count[1], happened_at), max(count[2], happened_at)
    rows = [(*key[:2], dimension_of(key[2:]), *key[2:], *count) for key, count in counts.items()]
    return sorted(rows, key=lambda row: row[:3])


def dimension_of(names: tuple[str | None, ...]) -> str:
    """Return the hash of the names of a count: a key has less room than they may take.

    >>> dimension_of(("order", "charge", "shop", None))
    'f7ccea18906c89a4197c0e3f650eaa84'
    """
    return sha256("\x1f".join(name or "" for name in names).encode("utf-8", "replace")).hexdigest()[:32]
