"""A filter for Python's logging: every line says in which task and step it was written."""

import logging

from tasker_producer.contrib.block_fields import block_fields


class TaskerLogFilter(logging.Filter):
    """Adds `task_id`, `step_id`, `attempt_number` and `trace_id` to every record; they are None outside of blocks.

    Attributes that a record has already stay.

    >>> handler = logging.StreamHandler()
    >>> handler.addFilter(TaskerLogFilter())
    >>> handler.setFormatter(logging.Formatter("%(task_id)s %(step_id)s %(message)s"))
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Complete a record; every record passes."""
        for name, value in block_fields().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True
