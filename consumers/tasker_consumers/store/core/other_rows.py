"""The rows of records that are no events: statistics of tasks, and dead letters."""

from collections.abc import Mapping
from typing import Any

from tasker_consumers.engine.flow import dead_letters as headers_of
from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Row
from tasker_consumers.store.core.fields import Headers, json_text, text

_STATS_COLUMNS = tuple(tables.task_stats.columns.keys())
_JSON = ("critical_path", "first_error")


def stats_row(stats: Mapping[str, Any]) -> Row:
    """Return the row of a record of the statistics' topic; a task without any event has the time 0."""
    values = {name: text(value) if isinstance(value, str) else value for name, value in stats.items()}
    values |= {name: json_text(stats[name]) for name in _JSON}
    values["last_event_at"] = stats["last_event_at"] or 0
    return tuple(values[name] for name in _STATS_COLUMNS)


def letter_row(
    position: tuple[str, int, int], arrived_ms: int, key: bytes | None, value: bytes | None, headers: Headers
) -> Row:
    """Return the row of a dead letter; a field that a foreign record lacks is empty or -1.

    `position` is that of the letter itself, `arrived_ms` in milliseconds since 1970.
    """
    by_name = {name: content for name, content in headers if content is not None}
    message = _text(by_name.get(headers_of.MESSAGE)) or ""
    return (
        *position,
        max(0, arrived_ms) * 1000,
        position[0].rpartition(".dlq.")[2],
        message.partition(":")[0],
        message,
        _text(by_name.get(headers_of.EXCEPTION)),
        _text(key),
        max(0, _number(by_name.get(headers_of.ATTEMPTS))),
        max(len(value or b""), _number(by_name.get(headers_of.SIZE))),
        _text(by_name.get(headers_of.TOPIC)),
        _number(by_name.get(headers_of.PARTITION)),
        _number(by_name.get(headers_of.OFFSET)),
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else text(value.decode("utf-8", "backslashreplace"))


_MOST_DIGITS = 18


def _number(value: bytes | None) -> int:
    """Return a number of at most 18 digits; -1 for anything else."""
    return int(value) if value is not None and value.isdigit() and len(value) <= _MOST_DIGITS else -1
