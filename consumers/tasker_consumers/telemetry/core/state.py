"""The state of a task: the facts of its spans, and which spans were exported.

A task of usual size is stored as an entry. A large task keeps its head there and spreads its steps over buckets, which
are read when needed and written when changed: an event in a task of 20,000 steps costs a bucket, not the task.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from zlib import crc32

from tasker_consumers.telemetry.core.facts import Arrival, AttemptKey, LateError
from tasker_consumers.telemetry.core.head import Attempt, Bucket, Group, Head
from tasker_consumers.telemetry.core.storage import (
    Read,
    bucket_key,
    read_bucket,
    read_head,
    write_bucket,
    write_head,
)

BUCKETS = 256
SPILL_AT = 128  # steps; up to here a task has no buckets


class Overdue(Enum):
    """The action that is due for a task that has been silent."""

    EXPORT = auto()  # export the spans that waited long enough for late events
    ABANDON = auto()  # export the open spans, as abandoned
    CLOSE = auto()  # all is exported: keep only the digests that recognize stragglers
    FORGET = auto()  # drop the state


class TaskState:
    """The state of a task, with its buckets read on demand by `read_bucket`."""

    def __init__(self, head: Head, key: bytes = b"", read: Read | None = None) -> None:
        self.head = head
        self.key = key
        self.read = read
        #: Attempts that came to an end, or further, since the last export.
        self.ended: set[AttemptKey] = set()
        #: Facts that were new, in the order of their arrival, since the state was read.
        self.arrivals: list[Arrival] = []
        #: Errors that came after their span was exported, since the last export.
        self.late_errors: list[LateError] = []
        self._late_before = head.late
        #: The action that is due by the passing of time.
        self.overdue: Overdue | None = None
        self.buckets_read: dict[int, Bucket] = {}
        self.buckets_changed: set[int] = set()

    @classmethod
    def of_task(cls, task_id: str, happened_at: int) -> "TaskState":
        """Return the state of a task of which only the time of an event is known."""
        return cls(Head(task_id, happened_at, happened_at), task_id.encode())

    @classmethod
    def outside(cls) -> "TaskState":
        """Return a state for events outside of any task: it is never stored."""
        return cls.of_task("", 0)

    @property
    def is_outside(self) -> bool:
        """Whether the state stands for events outside of any task."""
        return not self.head.task_id

    @property
    def late_now(self) -> int:
        """How many events came too late since the state was read."""
        return self.head.late - self._late_before

    def bucket(self, name: str) -> Bucket:
        """Return the bucket that a step id or span id belongs to."""
        return self._numbered(crc32(name.encode()) % BUCKETS) if self.head.spilled else self.head.bucket

    def change(self, name: str) -> Bucket:
        """Return the bucket of a step id or span id, which is going to change."""
        if not self.head.spilled:
            return self.head.bucket
        number = crc32(name.encode()) % BUCKETS
        self.buckets_changed.add(number)
        return self._numbered(number)

    def find_attempt(self, key: AttemptKey) -> Attempt | None:
        """Return an attempt, None when nothing is known of it."""
        return self.bucket(key.step_id).steps.get(key.step_id, {}).get(key.number)

    def last_attempt(self, step_id: str) -> tuple[int, int] | None:
        """Return the number and the rank of a step's last attempt; None when nothing is known of the step."""
        attempts = self.bucket(step_id).steps.get(step_id, {})
        return max([(number, attempt.rank) for number, attempt in attempts.items()], default=None)

    def attempt(self, key: AttemptKey) -> Attempt:
        """Return an attempt that is going to change, made when it is new."""
        step_id = key.step_id
        steps = self.change(step_id).steps
        attempts = steps.get(step_id)
        if attempts is None:
            self.head.steps += 1
            if self.head.steps > SPILL_AT and not self.head.spilled:
                self.spill()
                steps = self.change(step_id).steps
            attempts = steps[step_id] = {}
        attempt = attempts.get(key.number)
        if attempt is None:
            attempt = attempts[key.number] = Attempt()
        return attempt

    def group(self, span_id: str) -> Group:
        """Return the annotations that carry a span's context, which are going to change; made when they are new."""
        groups = self.change(span_id).groups
        group = groups.get(span_id)
        if group is None:
            group = groups[span_id] = Group()
        return group

    def buckets(self) -> Iterator[Bucket]:
        """Iterate over all buckets; reads those that are not in memory."""
        if not self.head.spilled:
            yield self.head.bucket
            return
        for number in range(BUCKETS):
            yield self._numbered(number)

    def attempts(self) -> Iterator[tuple[AttemptKey, Attempt]]:
        """Iterate over all attempts, which may change meanwhile."""
        for bucket in self.buckets():
            for step_id, attempts in list(bucket.steps.items()):
                for number, attempt in list(attempts.items()):
                    yield AttemptKey(step_id, number), attempt

    def changed_buckets(self) -> Iterator[Bucket]:
        """Iterate over the buckets that changed since the state was read or written."""
        for number in self.buckets_changed:
            yield self.buckets_read[number]

    def forget_steps(self) -> None:
        """Drop every step and group of annotations."""
        self.head.bucket = Bucket()
        if self.head.spilled:
            self.buckets_read = {number: Bucket() for number in range(BUCKETS)}
            self.buckets_changed = set(self.buckets_read)

    def spill(self) -> None:
        """Spread a task that became large over buckets."""
        bucket, self.head.bucket, self.head.spilled = self.head.bucket, Bucket(), True
        for step_id, attempts in bucket.steps.items():
            self.change(step_id).steps[step_id] = attempts
        for span_id, group in bucket.groups.items():
            self.change(span_id).groups[span_id] = group

    def _numbered(self, number: int) -> Bucket:
        bucket = self.buckets_read.get(number)
        if bucket is None:
            bucket = self.buckets_read[number] = read_bucket(self.key, number, self.read)
        return bucket

    @classmethod
    def load(cls, key: bytes, read: Read) -> "TaskState | None":
        """Read a task's state back; `read` finds the entries that `dump` wrote, and is used for buckets later on."""
        head = read_head(key, read)
        return None if head is None else cls(head, key, read)

    def dump(self) -> Mapping[bytes, bytes | None]:
        """Return the entries to write: the head, and the buckets that changed; None for those to delete."""
        entries = {self.key: None if self.overdue is Overdue.FORGET else write_head(self.head)}
        for number in self.buckets_changed:
            entries[bucket_key(self.key, number)] = write_bucket(self.buckets_read[number])
        self.buckets_changed.clear()
        return entries
