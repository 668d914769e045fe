"""Our records as bytes, with the branch of each union named, which spares the writer the guessing."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from tasker_schemas.codec import encode
from tasker_schemas.schemas import NAMESPACE, latest

TASK, WINDOW = "TaskStats", "StatsWindow"


def to_bytes(stats: Mapping[str, Any], record: str = TASK) -> bytes:
    """Return a task's statistics as a record of the stats topic, or a window as one of its own."""
    named = dict(stats)
    for name, branch in _branches(record).items():
        value = named[name]
        if value is not None:
            named[name] = (branch, value)
    return encode(record, named)


@cache
def _branches(record: str) -> dict[str, str]:
    """Return for each field that may be null the name of what it is otherwise."""
    fields = latest(record).declared["fields"]
    return {field["name"]: _name(field["type"][1]) for field in fields if isinstance(field["type"], list)}


def _name(branch: Any) -> str:
    if isinstance(branch, str):
        return branch
    kind: str = branch["type"]
    return f"{NAMESPACE}.{branch['name']}" if kind == "record" else kind
