"""What comes first of events that have the same time: a clock can be coarse, and a producer tells several at once."""

from tasker_schemas.names import ObservabilityEvents, StepEvents, TaskEvents, WorkflowEvents

_BEFORE_REMARKS = (
    TaskEvents.INITIALIZE_REQUESTED,
    TaskEvents.START_REQUESTED,
    StepEvents.INITIALIZE_REQUESTED,
    StepEvents.RETRY_REQUESTED,  # of the attempt that it asks for
    StepEvents.EXECUTION_REQUESTED,
    StepEvents.BEFORE_HANDLE,
    StepEvents.HANDLE,
)
_REMARKS = (*WorkflowEvents, *ObservabilityEvents.Task, *ObservabilityEvents.Step)
_AFTER_REMARKS = (
    StepEvents.COMPLETED,
    StepEvents.FAILED,
    StepEvents.MAX_RETRIES_REACHED,
    StepEvents.CANCELLED,
    StepEvents.RESOLVED_MANUALLY,
    TaskEvents.COMPLETED,
    TaskEvents.FAILED,
    TaskEvents.RETRY_REQUESTED,
    TaskEvents.CANCELLED,
    TaskEvents.RESOLVED_MANUALLY,
)
_CUSTOM = len(_BEFORE_REMARKS) + len(_REMARKS)
_PLACES: dict[str, int] = {
    **{str(name): place for place, name in enumerate((*_BEFORE_REMARKS, *_REMARKS))},
    **{str(name): place for place, name in enumerate(_AFTER_REMARKS, _CUSTOM + 1)},
}


def natural_place(event_name: str) -> int:
    """Return a number that is smaller the earlier an event comes among those of the same time.

    >>> natural_place("step.handle") < natural_place("shop.payment_taken") < natural_place("step.completed")
    True
    """
    return _PLACES.get(event_name, _CUSTOM)
