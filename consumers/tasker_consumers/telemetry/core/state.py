"""What is known of one task: the facts of its spans, and which of them were exported.

The values are those of JSON, so that writing a state down is one call. A task of usual size is one entry. A large one
keeps its head there and spreads its steps over buckets, which are read when needed and written when changed: an event
in a task of 20,000 steps costs a bucket, not the task.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from typing import Any, NotRequired, TypedDict
from zlib import crc32

import orjson

BUCKETS = 256
SPILL_AT = 128  # steps; up to here a task is one entry

Fact = dict[str, Any]
Facts = dict[str, Fact]  # by event id
Read = Callable[[bytes], bytes | None]
Context = list[Any]
"""A carried context, ordered by who told it: time, event id, trace id, span id, flags, parent span id, tracestate."""


LateError = tuple[str, tuple[str, str] | None, Fact]
"""Event id, step id and attempt number if it is a step's, fact."""


class Attempt(TypedDict):
    """One attempt of a step; of an exported span only digests of the events it tells are left."""

    facts: Facts
    told: NotRequired[list[int]]
    span_id: NotRequired[str]  # of the exported span
    rank: NotRequired[int]  # how far the attempt had come when it was exported


class Group(TypedDict):
    """Custom events that carry one span's context; of those that were exported with it, digests are left."""

    facts: Facts
    told: list[int]


class Bucket(TypedDict):
    """A share of a task's steps, and of the custom events."""

    steps: dict[str, dict[str, Attempt]]  # step id -> attempt number -> attempt
    groups: dict[str, Group]  # span id -> custom events
    open: NotRequired[int]  # attempts that have not ended, once the task is spread over buckets


class Closed(TypedDict):
    """What is left of a task whose spans are all exported: enough to know a straggler, or a late retry."""

    end: int  # time of the event that ended it
    rank: int


class Head(TypedDict):
    """What is known of the task itself."""

    task_id: str
    facts: Facts  # task events
    extras: Facts  # workflow and observability events: span events of the task's span
    context: NotRequired[Context]
    step_context: NotRequired[Context]  # here span id is that of the steps' parent
    frozen: NotRequired[list[str]]  # trace id and task span id, once a span was exported with them
    told: NotRequired[list[Any]]  # the end that the task's span was last exported with: rank, time, event id
    start: NotRequired[list[Any]]  # when the task was started, and by which producer
    begun: NotRequired[int]  # the task's start, when the facts that told it are gone
    closed: NotRequired[Closed]
    waiting: NotRequired[dict[str, int]]  # attempts, and the task, that have ended: since when, by the wall clock
    short: NotRequired[bool]  # the task waits among them because it is complete and not all of its steps have ended
    sampled: NotRequired[bool]  # whether the task is kept, once that is decided
    provisional: NotRequired[bool]  # the task's span was exported before its end
    abandoned: NotRequired[bool]
    dropped: NotRequired[int]  # extras that were too many
    first: int  # times of the first and of the last event of any kind, microseconds
    last: int
    late: int
    seen_at: int  # wall clock of the last change, microseconds
    steps: int
    open: NotRequired[list[int]]  # spans that are not exported with an end: of the task, of attempts
    spilled: bool
    bucket: Bucket  # all there is, until it spills


class Overdue(Enum):
    """What silence asks for."""

    EXPORT = auto()  # what waited for late events has waited long enough
    ABANDON = auto()  # export what is open, as abandoned
    CLOSE = auto()  # all is exported: keep only what knows stragglers
    FORGET = auto()  # nobody will ask any more


class TaskState:
    """The state of one task, with its buckets read on demand."""

    __slots__ = ("_buckets", "_changed", "_late_before", "_read", "ended", "head", "key", "late_errors", "overdue")

    def __init__(self, head: Head, key: bytes = b"", read: Read | None = None) -> None:
        self.head = head
        self.key = key
        #: Attempts that came to an end, or further, since the last ready_spans.
        self.ended: set[tuple[str, str]] = set()
        #: Errors that came after their span was exported, since the last ready_spans.
        self.late_errors: list[LateError] = []
        self._late_before = head["late"]
        #: What the passing of time asks for.
        self.overdue: Overdue | None = None
        self._read = read
        self._buckets: dict[int, Bucket] = {}
        self._changed: set[int] = set()

    @classmethod
    def of_task(cls, task_id: str, at: int) -> "TaskState":
        """Return the state of a task of which nothing is known but that something happened to it at that time."""
        head = Head(
            task_id=task_id, facts={}, extras={}, first=at, last=at, late=0, seen_at=0, steps=0, spilled=False,
            bucket=empty_bucket(),
        )  # fmt: skip
        return cls(head, task_id.encode())

    @property
    def late_now(self) -> int:
        """How many events came too late since the state was read."""
        return self.head["late"] - self._late_before

    def bucket(self, name: str) -> Bucket:
        """Return the bucket that a step id or span id belongs to."""
        return self._numbered(crc32(name.encode()) % BUCKETS) if self.head["spilled"] else self.head["bucket"]

    def change(self, name: str) -> Bucket:
        """Return the bucket of a step id or span id, which is going to change."""
        if not self.head["spilled"]:
            return self.head["bucket"]
        number = crc32(name.encode()) % BUCKETS
        self._changed.add(number)
        return self._numbered(number)

    def attempt(self, step_id: str, number: str) -> Attempt:
        """Return an attempt that is going to change, made when it is new."""
        steps = self.change(step_id)["steps"]
        attempts = steps.get(step_id)
        if attempts is None:
            self.head["steps"] += 1
            if self.head["steps"] > SPILL_AT and not self.head["spilled"]:
                self._spill()
                steps = self.change(step_id)["steps"]
            attempts = steps[step_id] = {}
        found = attempts.get(number)
        if found is None:
            found = attempts[number] = Attempt(facts={})
        return found

    def buckets(self) -> Iterator[Bucket]:
        """Iterate over all buckets; reads those that are not in memory."""
        if not self.head["spilled"]:
            yield self.head["bucket"]
            return
        for number in range(BUCKETS):
            yield self._numbered(number)

    def changed_buckets(self) -> Iterator[Bucket]:
        """Iterate over the buckets that changed since the state was read or written."""
        for number in self._changed:
            yield self._buckets[number]

    def forget_steps(self) -> None:
        """Drop every step and custom event."""
        self.head["bucket"] = empty_bucket()
        if self.head["spilled"]:
            self._buckets = {number: empty_bucket() for number in range(BUCKETS)}
            self._changed = set(self._buckets)

    def _numbered(self, number: int) -> Bucket:
        found = self._buckets.get(number)
        if found is None:
            data = self._read(self._part(number)) if self._read is not None else None
            found = self._buckets[number] = empty_bucket() if data is None else orjson.loads(data)
        return found

    def _spill(self) -> None:
        whole, self.head["bucket"], self.head["spilled"] = self.head["bucket"], empty_bucket(), True
        for step_id, attempts in whole["steps"].items():
            self.change(step_id)["steps"][step_id] = attempts
        for span_id, group in whole["groups"].items():
            self.change(span_id)["groups"][span_id] = group

    def _part(self, number: int) -> bytes:
        return self.key + b"\x00%02x" % number

    @classmethod
    def load(cls, key: bytes, read: Read) -> "TaskState | None":
        """Read a task's state back; `read` finds what `dump` wrote, and is used for buckets later on."""
        data = read(key)
        return None if data is None else cls(orjson.loads(data), key, read)

    def dump(self) -> Mapping[bytes, bytes | None]:
        """Return the entries to write: the head, and the buckets that changed; None for those to delete."""
        forget = self.overdue is Overdue.FORGET
        entries: dict[bytes, bytes | None] = {self.key: None if forget else orjson.dumps(self.head)}
        for number in self._changed:
            bucket = self._buckets[number]
            used = bucket["steps"] or bucket["groups"]
            entries[self._part(number)] = orjson.dumps(bucket) if used else None
        self._changed.clear()
        return entries


def empty_bucket() -> Bucket:
    """Return a bucket with nothing in it."""
    return Bucket(steps={}, groups={})
