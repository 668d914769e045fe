"""The table of events: the meaning of each, and the order of events of the same moment.

Everything that has to know an event by name reads this table: the folds, the spans, the producer and the documentation
(docs/events.md). A new event is a member of an enum in `names` and a row here.
"""

from dataclasses import dataclass

from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.names import (
    Family,
    ObservabilityEvents,
    State,
    StepEvents,
    TaskEvents,
    WorkflowEvents,
    event_type_of,
)
from tasker_schemas.silence import SILENCE_LIMIT
from tasker_schemas.waiting import WAITING_FOR, WAITING_UNTIL


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSpec:
    """An event of the catalogue.

    `state` is that of its task or step afterwards, None where it changes none. Of events with the same time, that with
    the smaller `order` came first. `carries` are the fields that it fills beside those of every event of its family,
    and `free_attributes` the attributes that it is known for. `outcome` says that it ends a task, or an attempt.
    """

    name: str
    family: Family
    description: str
    state: State | None = None
    order: int = 0
    carries: tuple[str, ...] = ()
    free_attributes: tuple[str, ...] = ()
    outcome: bool = False

    @property
    def record(self) -> str:
        """The Avro record that carries it."""
        return RECORD_OF_FAMILY[self.family]

    @property
    def event_type(self) -> str:
        """The short form of its name, as Tasker's payloads carry it."""
        return event_type_of(self.name)


#: Custom events happen while a task or a step runs.
CUSTOM_ORDER = 8

#: Fields of a task that count its steps.
COUNTERS = ("total_steps", "completed_steps", "failed_steps", "pending_steps")
#: Fields of an event that ends a task or an attempt: when it started, when it ended, how many seconds it took.
TIMES = ("started_at", "completed_at", "execution_duration")
#: Fields that describe an error and the errors behind it.
ERROR = (
    "error_message", "error_class", "backtrace", "error_chain", "error_notes", "errors_dropped", "error_group",
)  # fmt: skip
_STEP = ("step_id", "step_name")
_ATTEMPT = (*_STEP, "attempt_number")
_WAITING = (WAITING_FOR, WAITING_UNTIL, SILENCE_LIMIT)
_GOES_ON = (State.PENDING, State.IN_PROGRESS)
_REENQUEUE = ("reason", "delay_seconds", "scheduled_for", "error_message")


def _task(
    name: TaskEvents, order: int, state: State, description: str, *carries: str, outcome: bool = False
) -> EventSpec:
    return EventSpec(
        name=str(name), family=Family.TASK, description=description, state=state, order=order, carries=carries,
        outcome=outcome, free_attributes=(SILENCE_LIMIT,) if state in _GOES_ON else (),
    )  # fmt: skip


def _step(
    name: StepEvents, order: int, state: State, description: str, *carries: str, outcome: bool = False
) -> EventSpec:
    return EventSpec(
        name=str(name), family=Family.STEP, description=description, state=state, order=order, carries=carries,
        outcome=outcome,
    )  # fmt: skip


def _workflow(name: WorkflowEvents, description: str, *carries: str) -> EventSpec:
    return EventSpec(name=str(name), family=Family.WORKFLOW, description=description, order=7, carries=carries)


def _observability(
    name: ObservabilityEvents.Task | ObservabilityEvents.Step,
    description: str,
    *carries: str,
    free_attributes: tuple[str, ...] = (),
) -> EventSpec:
    return EventSpec(
        name=str(name), family=Family.OBSERVABILITY, description=description, order=7, carries=carries,
        free_attributes=free_attributes,
    )  # fmt: skip


_T, _S, _W = TaskEvents, StepEvents, WorkflowEvents
_OT, _OS = ObservabilityEvents.Task, ObservabilityEvents.Step

EVENTS: tuple[EventSpec, ...] = (
    _task(_T.INITIALIZE_REQUESTED, 0, State.PENDING, "The task was created.", "context", "total_steps", "from_state",
          "to_state"),
    _task(_T.START_REQUESTED, 1, State.IN_PROGRESS, "The task starts to run.", "started_at", "context"),
    _task(_T.COMPLETED, 14, State.COMPLETE, "The task ended well.", *TIMES, *COUNTERS, outcome=True),
    _task(_T.FAILED, 15, State.ERROR, "The task failed.", *TIMES, *COUNTERS, *ERROR, "error_steps", outcome=True),
    _task(_T.RETRY_REQUESTED, 16, State.PENDING, "The task is to run again.", "retry_reason"),
    _task(_T.CANCELLED, 17, State.CANCELLED, "The task was cancelled.", "cancellation_reason", outcome=True),
    _task(_T.RESOLVED_MANUALLY, 18, State.RESOLVED_MANUALLY, "A person resolved the task.", "resolved_by"),
    _step(_S.INITIALIZE_REQUESTED, 2, State.PENDING, "The step was created."),
    _step(_S.EXECUTION_REQUESTED, 4, State.PENDING, "The step is queued for execution.", "step_inputs", "queue_name"),
    _step(_S.BEFORE_HANDLE, 5, State.IN_PROGRESS, "The handler is about to run."),
    _step(_S.HANDLE, 6, State.IN_PROGRESS, "The handler runs.", "started_at"),
    _step(_S.COMPLETED, 9, State.COMPLETE, "The attempt ended well.", *TIMES, "step_results", outcome=True),
    _step(_S.FAILED, 10, State.ERROR, "The attempt failed.", *TIMES, "step_results", *ERROR, outcome=True),
    _step(_S.RETRY_REQUESTED, 3, State.PENDING, "The step is to run again; `attempt_number` is the new attempt's.",
          "previous_attempts", "retry_reason", "backoff_strategy", "backoff_seconds"),
    _step(_S.MAX_RETRIES_REACHED, 11, State.ERROR, "The step failed for good.", *ERROR[:3]),
    _step(_S.CANCELLED, 12, State.CANCELLED, "The attempt was cancelled.", "cancellation_reason", outcome=True),
    _step(_S.RESOLVED_MANUALLY, 13, State.RESOLVED_MANUALLY, "A person resolved the step.", "resolved_by"),
    _workflow(_W.TASK_STARTED, "The orchestration started the task.", *COUNTERS),
    _workflow(_W.TASK_COMPLETED, "The orchestration ended the task well.", *COUNTERS, *TIMES),
    _workflow(_W.TASK_FAILED, "The orchestration gave the task up.", *COUNTERS, *TIMES, *ERROR[:2], *ERROR[3:]),
    _workflow(_W.STEP_COMPLETED, "The orchestration heard of a step that ended well.", *_STEP),
    _workflow(_W.STEP_FAILED, "The orchestration heard of a step that failed.", *_STEP),
    _workflow(_W.VIABLE_STEPS_DISCOVERED, "Steps can run now.", "step_ids", "step_names", "step_count",
              "processing_mode"),
    _workflow(_W.NO_VIABLE_STEPS, "No step can run now.", "reason"),
    _workflow(_W.STEPS_EXECUTION_STARTED, "A round of steps starts.", "step_count", "processing_mode"),
    _workflow(_W.STEPS_EXECUTION_COMPLETED, "A round of steps ended.", "processed_count", "successful_count"),
    _workflow(_W.VIABLE_STEPS_BATCH_READY, "A batch of steps is ready."),
    _workflow(_W.ORCHESTRATION_REQUESTED, "The orchestration was asked to look at the task."),
    _workflow(_W.STEP_EXECUTION_FAILED, "A step could not be run."),
    _workflow(_W.TASK_STATE_UNCLEAR, "The state of the task is unclear."),
    _workflow(_W.TASK_FINALIZATION_STARTED, "The orchestration starts to finalize the task.", "processed_steps_count",
              "final_status"),
    _workflow(_W.TASK_FINALIZATION_COMPLETED, "The orchestration finalized the task.", "processed_steps_count",
              "final_status"),
    _workflow(_W.TASK_REENQUEUE_STARTED, "The task is about to be queued again.", *_REENQUEUE),
    _workflow(_W.TASK_REENQUEUE_REQUESTED, "The task was queued again.", *_REENQUEUE),
    _workflow(_W.TASK_REENQUEUE_FAILED, "The task could not be queued again.", *_REENQUEUE),
    _workflow(_W.TASK_REENQUEUE_DELAYED, "The task is queued again later.", *_REENQUEUE),
    _observability(_OT.ENQUEUE, "The task was put into a job queue.", "job_id", "queue_name", "attempt_number"),
    _observability(_OT.START, "A worker took the task from its queue."),
    _observability(_OT.HANDLE, "A worker handles the task."),
    _observability(_OT.FINALIZE, "A worker finalizes the task."),
    _observability(_OT.WAITING, "The task waits, for an approval or a timer for instance, until its next event.",
                   free_attributes=_WAITING),
    _observability(_OS.PROCESSING, "A worker processes the step.", *_STEP),
    _observability(_OS.PROGRESS, "A part of the step's work is done.", *_ATTEMPT, free_attributes=("done", "total")),
    _observability(_OS.HEARTBEAT, "The step still runs.", *_ATTEMPT),
    _observability(_OS.WAITING, "The step waits, for an approval or a timer for instance, until it goes on or ends.",
                   *_ATTEMPT, free_attributes=_WAITING),
    _observability(_OS.HANDLE, "A worker handles the step.", *_STEP),
    _observability(_OS.FIND_VIABLE, "A worker looks for steps that can run."),
    _observability(_OS.BACKOFF, "The step waits before its next attempt.", *_STEP, "backoff_seconds", "backoff_type"),
    _observability(_OS.SKIP, "The step is skipped.", *_STEP),
    _observability(_OS.MAX_RETRIES_REACHED, "The step has no attempt left.", *_STEP),
)  # fmt: skip
