"""The parts of a task's state, as plain values."""

from dataclasses import dataclass, field

from tasker_consumers.telemetry.core.event import Carried
from tasker_consumers.telemetry.core.facts import NO_STATE, AttemptKey, Fact, Facts, StatusEvent


@dataclass(order=True)
class TraceSource:
    """The event whose headers tell a span's context; of several, the least holds."""

    without_parent: bool  # an event that knows the parent beats any that does not
    timestamp: int
    event_id: str
    carried: Carried


def source_of(fact: Fact) -> TraceSource:
    """Return a fact that carries a context as a source of it."""
    assert fact.carried is not None, "only such a fact is a source"
    return TraceSource(False, fact.timestamp, fact.event_id, fact.carried)


@dataclass(order=True)
class TaskStart:
    """When a task was started, microseconds, and by which producer; of several, the least holds."""

    timestamp: int
    producer: str


Position = tuple[int, str]
"""Time and event id of an annotation."""


@dataclass
class Gap:
    """The annotations that were dropped: how many, and the first and the last of them."""

    dropped: int = 0
    first: Position | None = None
    last: Position | None = None

    def holds(self, fact: Fact) -> bool:
        """Return whether an annotation lies among those that were dropped."""
        if self.first is None or self.last is None:
            return False
        return self.first <= (fact.timestamp, fact.event_id) <= self.last


@dataclass
class Annotated:
    """Facts of a span, with the gap in its annotations; `size` is the bytes of the annotations."""

    facts: Facts = field(default_factory=dict)
    gap: Gap = field(default_factory=Gap)
    size: int = 0


@dataclass
class Attempt(Annotated):
    """An attempt of a step; of an exported span only digests of its events are left."""

    rank: int = NO_STATE  # how far the attempt came
    source: TraceSource | None = None
    span_id: str = ""  # of the exported span
    exported_rank: int | None = None  # how far the attempt had come when it was exported
    exported_digests: set[int] = field(default_factory=set)


@dataclass
class Group(Annotated):
    """Annotations with the context of the same span; of exported annotations, digests are left."""

    exported_digests: set[int] = field(default_factory=set)


@dataclass
class Bucket:
    """A share of a task's steps, and of the groups of annotations."""

    steps: dict[str, dict[int, Attempt]] = field(default_factory=dict)  # by step id and number of the attempt
    groups: dict[str, Group] = field(default_factory=dict)  # by span id
    open_attempts: int | None = None  # attempts that have not ended, once the task is spread over buckets


@dataclass
class Closed:
    """The rest of a task whose spans are all exported: enough to recognize a straggler or a late retry."""

    end: int  # time of the event that ended the task
    rank: int


@dataclass
class Head:
    """The known facts of the task itself; times in microseconds since the epoch."""

    task_id: str
    first: int  # times of the first and of the last event of any kind
    last: int
    facts: Facts = field(default_factory=dict)  # task events
    annotations: Annotated = field(default_factory=Annotated)  # workflow and observability events of the task's span
    status: StatusEvent | None = None  # follows from the facts
    source: TraceSource | None = None
    step_source: TraceSource | None = None  # of the steps: its parent is the task's span
    exported_ids: tuple[str, str] | None = None  # trace id and span id, once a span was exported with them
    exported_end: StatusEvent | None = None  # the end that the task's span was last exported with
    start: TaskStart | None = None
    first_step_start: int | None = None  # the earliest start that any step tells
    exported_start: int | None = None  # the start of the task's span, when the facts that told it are gone
    closed: Closed | None = None
    #: Attempts, and the task as None, that have ended: since when they wait, by the wall clock.
    pending_export: dict[AttemptKey | None, int] = field(default_factory=dict)
    awaiting_steps: bool = False  # the task waits because it is complete and not all of its steps have ended
    sampled: bool | None = None  # whether the task is kept, once that is decided
    sampled_by_ratio: bool = False  # the ratio alone kept the task: neither its failure nor its duration
    provisional: bool = False  # the task's span was exported before its end
    abandoned: bool = False
    late: int = 0
    seen_at: int = 0  # wall clock of the last change
    steps: int = 0
    open_tasks: int = 0  # spans that are not exported with an end, as they were counted last
    open_attempts: int = 0
    spilled: bool = False
    bucket: Bucket = field(default_factory=Bucket)  # all steps and groups, until the task spills
