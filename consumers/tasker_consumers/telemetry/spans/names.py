"""How spans are named."""

from enum import StrEnum


class SpanNames(StrEnum):
    """The two ways to name spans."""

    TASKER = "tasker"  # as users of Tasker know them: tasker.task.started, tasker.step.processing
    READABLE = "readable"  # task order_processing, step charge_card
