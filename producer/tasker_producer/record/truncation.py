"""Too large is cut, not dropped: a record's longest texts are shortened until it fits."""

import json
from collections.abc import Callable
from typing import Any

from tasker_producer.record.fields import JSON_FIELDS
from tasker_schemas.errors import UsageError

_UNCUT = frozenset({"event_id", "event_name", "task_id", "step_id", "truncated"})

Encode = Callable[[dict[str, Any]], bytes]


def encode_within(encode: Encode, data: dict[str, Any], limit: int) -> bytes:
    """Return the record as bytes, at most `limit` of them; fields that had to be cut are listed in `truncated`.

    Raises UsageError if the ids alone are too large.
    """
    try:
        value = encode(data)
    except UnicodeEncodeError:
        _repair(data)
        value = encode(data)
    if len(value) <= limit:
        return value
    for name in sorted(_cuttable(data), key=lambda name: -_size(data[name])):
        excess = len(value) - limit
        data[name] = _shortened(name, data[name], max(0, _size(data[name]) - excess - 256))
        data["truncated"] = sorted({*data.get("truncated", ()), name})
        value = encode(data)
        if len(value) <= limit:
            return value
    raise UsageError(f"the event has {len(value)} bytes after cutting all that can be cut, at most {limit} are sent")


def _cuttable(data: dict[str, Any]) -> list[str]:
    return [name for name, value in data.items() if name not in _UNCUT and isinstance(value, (str, list, dict))]


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, dict):
        return sum(_size(key) + _size(item) for key, item in value.items())
    return sum(_size(item) + 2 for item in value) if isinstance(value, list) else 10


def _shortened(name: str, value: Any, room: int) -> Any:
    if isinstance(value, str):
        if name not in JSON_FIELDS:
            return value.encode()[:room].decode(errors="ignore")
        # A JSON string that holds the beginning of the JSON text, so the field stays JSON. Escapes may double its
        # length.
        return json.dumps(value.encode()[: room // 2].decode(errors="ignore"), ensure_ascii=False)
    if isinstance(value, list):
        return _first_items(value[::-1], room)[::-1] if name == "backtrace" else _first_items(value, room)
    return _smaller(value, room)


def _first_items(items: list[Any], room: int) -> list[Any]:
    """Return the first items that have room; of a backtrace these are the innermost frames, of a chain the nearest."""
    count = 0
    for item in items:
        room -= _size(item) + 2
        if room < 0:
            break
        count += 1
    return items[:count]


def _smaller(values: dict[str, Any], room: int) -> dict[str, Any]:
    """Keep the shortest attributes: they are the ids and numbers."""
    smaller = {}
    for key, item in sorted(values.items(), key=lambda pair: _size(pair[0]) + _size(pair[1])):
        room -= _size(key) + _size(item) + 8
        if room < 0:
            break
        smaller[key] = item
    return smaller


def _repair(data: dict[str, Any]) -> None:
    """Replace characters that UTF-8 cannot hold (lone surrogates)."""
    for name, value in data.items():
        data[name] = _cleaned(value)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    return value
