"""What is known of one task: a lattice like that of its steps, so order and number of deliveries do not matter."""

from dataclasses import dataclass, field
from typing import NamedTuple

from tasker_consumers.stats.core.contribution import Contribution
from tasker_consumers.stats.core.table import StepTable
from tasker_schemas.catalogue import RANK
from tasker_schemas.names import State

#: Ranks of the states that a task can rest in; `error` is one of them until a retry is requested.
FIRST_TERMINAL_RANK = RANK[State.ERROR]


class Stand(NamedTuple):
    """Where a task stands; of several, the greatest holds: the latest event, of equal times the higher rank."""

    timestamp: int
    rank: int
    ended_at: int

    @property
    def terminal(self) -> bool:
        """Whether the task is over."""
        return self.rank >= FIRST_TERMINAL_RANK


class Carrier(NamedTuple):
    """The event whose headers give the task its trace: of several, the least holds."""

    timestamp: int
    event_id: str
    trace_id: str


class ErrorFact(NamedTuple):
    """A failure; of several, the least is the first: by time, a step's before its task's, then by step and attempt."""

    timestamp: int
    of_task: bool
    step_id: str
    attempt: int
    error_class: str
    message: str


@dataclass
class TaskState:
    """Everything the statistics of one task are made of; times in microseconds, None is unknown."""

    task_id: str
    name: str | None = None
    last_event_at: int | None = None
    created_at: int | None = None  # earliest task.initialize_requested
    queued_at: int | None = None  # earliest enqueueing
    started_at: int | None = None  # earliest `started_at` that was told
    start_requested_at: int | None = None  # earliest task.start_requested
    handled_at: int | None = None  # earliest sign that the orchestration began
    announced: int = 0  # largest number of steps that was told
    #: How many events were known when the task was found abandoned; one more undoes it.
    abandoned_after: int = 0
    #: Wall clock of the last delivery, kept by the processor; no part of what is known.
    touched_at: int = 0
    #: Wall clock of the first one, kept likewise.
    seen_at: int = 0
    carrier: Carrier | None = None
    stand: Stand | None = None
    first_error: ErrorFact | None = None
    events: set[int] = field(default_factory=set)  # hashes of the ids of the task's own events
    steps: StepTable = field(default_factory=StepTable)
    #: Whether nothing of the task is worth keeping any more.
    forgotten: bool = False
    #: What follows is about one run, and is not stored. What the task counted for before it, and whether as going on:
    counted: Contribution | None = None
    counted_open: bool = False
    #: How many of its events were known already, or out of order, and whether it was given up.
    repeated: int = 0
    late: int = 0
    given_up: bool = False

    @property
    def known_events(self) -> int:
        """How many different events are known."""
        return len(self.events) + self.steps.total().events
