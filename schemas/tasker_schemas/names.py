"""The names of the system: families, events, states.

A name is `family.what_happened`, lower case. The members carry Tasker's constant names, so
`TaskEvents.COMPLETED` here is `Tasker::Constants::TaskEvents::COMPLETED` there.
"""

from enum import StrEnum
from functools import lru_cache

from tasker_schemas.errors import UsageError


class Family(StrEnum):
    """A family of events; each has its topic and its Avro record."""

    TASK = "task"
    STEP = "step"
    WORKFLOW = "workflow"
    OBSERVABILITY = "observability"
    CUSTOM = "custom"


class State(StrEnum):
    """The states of tasks and steps; `UNKNOWN` stands for names newer than the reader."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    ERROR = "error"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    RESOLVED_MANUALLY = "resolved_manually"
    ABANDONED = "abandoned"  # statistics only: silent for longer than the limit


class TaskEvents(StrEnum):
    """Events of a task."""

    INITIALIZE_REQUESTED = "task.initialize_requested"
    START_REQUESTED = "task.start_requested"
    COMPLETED = "task.completed"
    FAILED = "task.failed"
    RETRY_REQUESTED = "task.retry_requested"
    CANCELLED = "task.cancelled"
    RESOLVED_MANUALLY = "task.resolved_manually"


class StepEvents(StrEnum):
    """Events of an attempt of a step."""

    INITIALIZE_REQUESTED = "step.initialize_requested"
    EXECUTION_REQUESTED = "step.execution_requested"
    BEFORE_HANDLE = "step.before_handle"
    HANDLE = "step.handle"
    COMPLETED = "step.completed"
    FAILED = "step.failed"
    RETRY_REQUESTED = "step.retry_requested"
    MAX_RETRIES_REACHED = "step.max_retries_reached"
    CANCELLED = "step.cancelled"
    RESOLVED_MANUALLY = "step.resolved_manually"


class WorkflowEvents(StrEnum):
    """Decisions of the orchestration."""

    TASK_STARTED = "workflow.task_started"
    TASK_COMPLETED = "workflow.task_completed"
    TASK_FAILED = "workflow.task_failed"
    STEP_COMPLETED = "workflow.step_completed"
    STEP_FAILED = "workflow.step_failed"
    VIABLE_STEPS_DISCOVERED = "workflow.viable_steps_discovered"
    NO_VIABLE_STEPS = "workflow.no_viable_steps"
    STEPS_EXECUTION_STARTED = "workflow.steps_execution_started"
    STEPS_EXECUTION_COMPLETED = "workflow.steps_execution_completed"
    VIABLE_STEPS_BATCH_READY = "workflow.viable_steps_batch_ready"
    ORCHESTRATION_REQUESTED = "workflow.orchestration_requested"
    STEP_EXECUTION_FAILED = "workflow.step_execution_failed"
    TASK_STATE_UNCLEAR = "workflow.task_state_unclear"
    TASK_FINALIZATION_STARTED = "workflow.task_finalization_started"
    TASK_FINALIZATION_COMPLETED = "workflow.task_finalization_completed"
    TASK_REENQUEUE_STARTED = "workflow.task_reenqueue_started"
    TASK_REENQUEUE_REQUESTED = "workflow.task_reenqueue_requested"
    TASK_REENQUEUE_FAILED = "workflow.task_reenqueue_failed"
    TASK_REENQUEUE_DELAYED = "workflow.task_reenqueue_delayed"


class ObservabilityEvents:
    """Events for monitoring, beside the states, by subject."""

    class Task(StrEnum):
        """About a task as a whole."""

        ENQUEUE = "observability.task.enqueue"
        START = "observability.task.start"
        HANDLE = "observability.task.handle"
        FINALIZE = "observability.task.finalize"
        WAITING = "observability.task.waiting"

    class Step(StrEnum):
        """About a step."""

        PROCESSING = "observability.step.processing"
        PROGRESS = "observability.step.progress"
        HEARTBEAT = "observability.step.heartbeat"
        WAITING = "observability.step.waiting"
        HANDLE = "observability.step.handle"
        FIND_VIABLE = "observability.step.find_viable"
        BACKOFF = "observability.step.backoff"
        SKIP = "observability.step.skip"
        MAX_RETRIES_REACHED = "observability.step.max_retries_reached"


RESERVED_NAMES: frozenset[str] = frozenset(
    str(name)
    for names in (
        TaskEvents,
        StepEvents,
        WorkflowEvents,
        ObservabilityEvents.Task,
        ObservabilityEvents.Step,
    )
    for name in names
)

_RESERVED_FAMILIES = {str(family): family for family in Family}


@lru_cache(maxsize=4096)  # custom names can be made of data
def family_of(event_name: str) -> Family:
    """Return the family that an event's name belongs to.

    >>> family_of("step.completed")
    <Family.STEP: 'step'>
    >>> family_of("order.payment_processed")
    <Family.CUSTOM: 'custom'>

    Raises UsageError for a name in a reserved family that the catalogue does not have, and for a custom name
    without a dot.
    """
    first, dot, remainder = event_name.partition(".")
    if event_name in RESERVED_NAMES:
        return _RESERVED_FAMILIES[first]
    if first in _RESERVED_FAMILIES:
        raise UsageError(
            f"event_name {event_name!r} is not in the catalogue, and names that start with {first + '.'!r} are "
            f"reserved; for an event of your own choose another first part"
        )
    if not (first and dot and remainder):
        raise UsageError(f"event_name {event_name!r} needs at least one dot, like 'order.payment_processed'")
    return Family.CUSTOM


_EVENT_TYPES = {
    "task.start_requested": "started",
    "step.handle": "started",
    "task.retry_requested": "retry",
    "step.retry_requested": "retry",
}


@lru_cache(maxsize=4096)  # custom names can be made of data
def event_type_of(event_name: str) -> str:
    """Return the short form of an event's name, as Tasker's payloads carry it in `event_type`.

    >>> [event_type_of(n) for n in ("task.start_requested", "step.failed", "order.payment_processed")]
    ['started', 'failed', 'custom']
    """
    if family_of(event_name) is Family.CUSTOM:
        return "custom"
    return _EVENT_TYPES.get(event_name) or event_name.rpartition(".")[2].removesuffix("_requested")
