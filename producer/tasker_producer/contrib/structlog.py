"""A processor for structlog: every line says in which task and step it was written."""

from collections.abc import MutableMapping
from typing import Any

from tasker_producer.contrib.block_fields import block_fields


def add_block_fields(_: Any, __: str, event_dict: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add `task_id`, `step_id`, `attempt_number` and `trace_id` inside a block; the caller's own values stay.

    >>> add_block_fields(None, "info", {"event": "paid"})
    {'event': 'paid'}
    """
    for name, value in block_fields().items():
        if value is not None:
            event_dict.setdefault(name, value)
    return event_dict
