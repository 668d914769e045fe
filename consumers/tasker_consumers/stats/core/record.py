"""Our records as bytes."""

from collections.abc import Mapping
from typing import Any

from tasker_schemas.avro.codec import encode

TASK, WINDOW = "TaskStats", "StatsWindow"


def to_bytes(stats: Mapping[str, Any], record: str = TASK) -> bytes:
    """Return a task's statistics as a record of the stats topic, or a window as one of its own."""
    return encode(record, stats)
