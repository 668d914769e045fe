"""The fields of the block around the present code, for log lines."""

from tasker_producer.trace.current import current_activation

LOG_FIELDS = ("task_id", "step_id", "attempt_number", "trace_id")


def block_fields() -> dict[str, str | int | None]:
    """Return `task_id`, `step_id`, `attempt_number` and `trace_id` of the present code; None where there is no block.

    >>> block_fields()
    {'task_id': None, 'step_id': None, 'attempt_number': None, 'trace_id': None}
    """
    activation = current_activation()
    if activation is None:
        return dict.fromkeys(LOG_FIELDS)
    block = activation.block
    span = block.task_trace.span
    return {
        "task_id": block.task_id,
        "step_id": block.step_id,
        "attempt_number": block.attempt_number,
        "trace_id": None if span is None else span.trace_id,
    }
