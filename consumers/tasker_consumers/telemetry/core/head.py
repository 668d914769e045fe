"""The parts of a task's state, as plain values.

Those that are made for every task or attempt have an `__init__` of their own, which sets all of their fields: compiled,
it takes a tenth of the time that a dataclass's `__init__` takes.
"""

from dataclasses import dataclass

from tasker_consumers.telemetry.core.event import Carried
from tasker_consumers.telemetry.core.facts import NO_STATE, AttemptKey, Fact, Facts, StatusEvent
from tasker_consumers.waits import Signs


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


@dataclass(init=False)
class Annotated:
    """Facts of a span, with the gap in its annotations; `size` is the bytes of the annotations."""

    facts: Facts
    gap: Gap
    size: int

    def __init__(self) -> None:
        self.facts = {}
        self.gap = Gap()
        self.size = 0


@dataclass(init=False)
class Attempt(Annotated):
    """An attempt of a step; of an exported span only digests of its events are left."""

    rank: int  # how far the attempt came
    source: TraceSource | None
    span_id: str  # of the exported span
    exported_rank: int | None  # how far the attempt had come when it was exported
    exported_digests: set[int]

    def __init__(self) -> None:
        self.facts = {}
        self.gap = Gap()
        self.size = 0
        self.rank = NO_STATE
        self.source = None
        self.span_id = ""
        self.exported_rank = None
        self.exported_digests = set()


@dataclass(init=False)
class Group(Annotated):
    """Annotations with the context of the same span; of exported annotations, digests are left."""

    exported_digests: set[int]

    def __init__(self) -> None:
        self.facts = {}
        self.gap = Gap()
        self.size = 0
        self.exported_digests = set()


@dataclass(init=False)
class Bucket:
    """A share of a task's steps, and of the groups of annotations."""

    steps: dict[str, dict[int, Attempt]]  # by step id and number of the attempt
    groups: dict[str, Group]  # by span id
    open_attempts: int | None  # attempts that have not ended, once the task is spread over buckets

    def __init__(self) -> None:
        self.steps = {}
        self.groups = {}
        self.open_attempts = None


@dataclass
class Closed:
    """The rest of a task whose spans are all exported: enough to recognize a straggler or a late retry."""

    end: int  # time of the event that ended the task
    rank: int


@dataclass(init=False)
class Head:
    """The known facts of the task itself; times in microseconds since the epoch."""

    task_id: str
    first: int  # times of the first and of the last event of any kind
    last: int
    last_own: int  # the same of the last event that is no custom event
    signs: Signs  # that the task or a step waits, or goes on
    facts: Facts  # task events
    annotations: Annotated  # workflow and observability events of the task's span
    status: StatusEvent | None  # follows from the facts
    source: TraceSource | None
    step_source: TraceSource | None  # of the steps: its parent is the task's span
    exported_ids: tuple[str, str] | None  # trace id and span id, once a span was exported with them
    exported_end: StatusEvent | None  # the end that the task's span was last exported with
    start: TaskStart | None
    first_step_start: int | None  # the earliest start that any step tells
    exported_start: int | None  # the start of the task's span, when the facts that told it are gone
    closed: Closed | None
    #: Attempts, and the task as None, that have ended: since when they wait, by the wall clock.
    pending_export: dict[AttemptKey | None, int]
    awaiting_steps: bool  # the task waits because it is complete and not all of its steps have ended
    sampled: bool | None  # whether the task is kept, once that is decided
    sampled_by_ratio: bool  # the ratio alone kept the task: neither its failure nor its duration
    provisional: bool  # the task's span was exported before its end
    abandoned: bool
    late: int
    seen_at: int  # wall clock of the last change
    steps: int
    open_tasks: int  # spans that are not exported with an end, as they were counted last
    open_attempts: int
    spilled: bool
    bucket: Bucket  # all steps and groups, until the task spills

    def __init__(self, task_id: str, first: int, last: int) -> None:
        self.task_id = task_id
        self.first = first
        self.last = last
        self.last_own = 0
        self.signs = {}
        self.facts = {}
        self.annotations = Annotated()
        self.status = None
        self.source = None
        self.step_source = None
        self.exported_ids = None
        self.exported_end = None
        self.start = None
        self.first_step_start = None
        self.exported_start = None
        self.closed = None
        self.pending_export = {}
        self.awaiting_steps = False
        self.sampled = None
        self.sampled_by_ratio = False
        self.provisional = False
        self.abandoned = False
        self.late = 0
        self.seen_at = 0
        self.steps = 0
        self.open_tasks = 0
        self.open_attempts = 0
        self.spilled = False
        self.bucket = Bucket()
