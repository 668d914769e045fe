"""The state of one task, a lattice like that of its steps: the order and the number of deliveries do not matter."""

from dataclasses import dataclass, field
from typing import NamedTuple

from tasker_consumers.stats.core.contribution import Contribution
from tasker_consumers.stats.core.table import StepTable
from tasker_consumers.waits import Signs
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State

#: Lowest rank of a task that is over; `error` counts as over until a retry is requested.
FIRST_TERMINAL_RANK = RANK[State.ERROR]


class StatusEvent(NamedTuple):
    """An event that sets a task's status. The greatest holds: the latest event, of equal times the higher rank."""

    timestamp: int
    rank: int
    ended_at: int

    @property
    def terminal(self) -> bool:
        """Return whether this status means that the task is over."""
        return self.rank >= FIRST_TERMINAL_RANK


class TraceCarrier(NamedTuple):
    """An event whose headers carry the task's trace. The least holds: the earliest event."""

    timestamp: int
    event_id: str
    trace_id: str


class ErrorFact(NamedTuple):
    """A failure. The least is the first error: by time, a step's before its task's, then by step and attempt."""

    timestamp: int
    of_task: bool
    step_id: str
    attempt: int
    error_class: str
    message: str


@dataclass
class TaskState:
    """All known facts of one task; times in microseconds, None is unknown."""

    task_id: str
    name: str | None = None
    last_event_at: int | None = None
    created_at: int | None = None  # earliest task.initialize_requested
    queued_at: int | None = None  # earliest enqueueing
    started_at: int | None = None  # earliest `started_at` that an event reports
    start_requested_at: int | None = None  # earliest task.start_requested
    handled_at: int | None = None  # earliest sign that the orchestration began
    announced: int = 0  # largest `total_steps` that an event reports
    #: Number of known events when the task was marked abandoned; one more event undoes the mark.
    abandoned_after: int = 0
    #: When the last event came, by the later of the broker's and the worker's clock; set by the processor.
    last_heard_at: int = 0
    #: When the first event came, likewise.
    first_heard_at: int = 0
    silence_limit_s: float | None = None  # the longest that an event of the task gives
    signs: Signs = field(default_factory=dict)  # that the task or a step waits, or goes on
    carrier: TraceCarrier | None = None
    status_event: StatusEvent | None = None
    first_error: ErrorFact | None = None
    events: set[int] = field(default_factory=set)  # hashes of the ids of the task's own events
    steps: StepTable = field(default_factory=StepTable)
    #: Whether the state is to be deleted.
    forgotten: bool = False
    #: The fields below describe one batch and are not stored. The contribution before the batch, and whether the task
    #: was open then:
    stored_contribution: Contribution | None = None
    stored_open: bool = False
    #: Number of events that were known already, number of events out of order, and whether the task was abandoned.
    repeated: int = 0
    late: int = 0
    newly_abandoned: bool = False

    @property
    def known_events(self) -> int:
        """Return the number of different events known."""
        return len(self.events) + self.steps.total().events
