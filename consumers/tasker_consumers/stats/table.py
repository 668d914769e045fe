"""The steps of one task, in buckets, so that an event costs the same in a task of 5 steps and in one of 20,000.

A small task has one bucket. A large one is spread over `FAN_OUT` buckets by a hash of the step id: an event then reads
and writes one of them, and the task's totals are the sum of their summaries. A summary is always computed from its
whole bucket, never changed by a difference: so what a crash left half-written is right again after the next delivery.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, NamedTuple, Self
from zlib import crc32

from tasker_consumers.stats.contribution import Contribution
from tasker_consumers.stats.critical_path import Node, Path, critical_path
from tasker_consumers.stats.steps import Event, Figures, Row, Step, contribution_of_step
from tasker_consumers.stats.windows import MinuteRow, minutes
from tasker_schemas.events import RANK
from tasker_schemas.names import State

#: Number of buckets of a large task: 20,000 steps make buckets of about 80.
FAN_OUT = 256
#: A task with more steps than this is large; so is one with more events than `SMALL_EVENTS`.
SMALL_STEPS = 128
SMALL_EVENTS = 1024

_ERROR, _CANCELLED, _COMPLETE = RANK[State.ERROR], RANK[State.CANCELLED], RANK[State.COMPLETE]


class Summary(NamedTuple):
    """What the statistics need to know of some steps; times in microseconds."""

    events: int = 0
    steps: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    attempts: int = 0
    retries: int = 0
    work: int = 0
    longest: str | None = None
    longest_time: int | None = None
    ordered: bool = False  # whether any step told what it depends on

    def plus(self, other: "Summary") -> "Summary":
        """Return the summary of both sets of steps."""
        longest, longest_time = self.longest, self.longest_time
        if _longer(other.longest, other.longest_time, longest, longest_time):
            longest, longest_time = other.longest, other.longest_time
        return Summary(
            self.events + other.events,
            self.steps + other.steps,
            self.completed + other.completed,
            self.failed + other.failed,
            self.cancelled + other.cancelled,
            self.attempts + other.attempts,
            self.retries + other.retries,
            self.work + other.work,
            longest,
            longest_time,
            self.ordered or other.ordered,
        )


def _longer(step: str | None, time: int | None, than: str | None, than_time: int | None) -> bool:
    """Tell whether a step took longer; of equals the first in the alphabet counts as longer."""
    if step is None or time is None:
        return False
    return than is None or than_time is None or time > than_time or (time == than_time and step < than)


@dataclass(slots=True)
class Bucket:
    """Some steps of a task, and the hashed ids of events that belong to no step.

    A step stays packed, as it was stored, until an event touches it: most events touch one step of many.
    """

    events: set[int] = field(default_factory=set)
    packed: dict[str, Row] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.packed) + len(self.steps)

    def step(self, step_id: str) -> Step:
        """Return a step to be changed; a new one if it was never heard of."""
        step = self.steps.get(step_id)
        if step is None:
            row = self.packed.pop(step_id, None)
            step = self.steps[step_id] = Step() if row is None else Step.of_row(row)
        return step

    def rows(self) -> dict[str, Row]:
        """Return all steps as they are stored."""
        return self.packed | {step_id: step.row() for step_id, step in self.steps.items()}

    def nodes(self) -> Iterator[Node]:
        """Return what the critical path needs to know of each step."""
        for step_id, row in self.packed.items():
            yield Node(step_id, row[_TIME], row[_DEPENDS_ON])
        for step_id, step in self.steps.items():
            yield Node(step_id, step.figures().time, step.depends_on)

    def weight(self, step_id: str) -> "Weight":
        """Return what a step counts for; nothing for one that was never heard of."""
        step = self.steps.get(step_id)
        if step is not None:
            return Weight.of(step.name, step.figures())
        row = self.packed.get(step_id)
        return _NO_WEIGHT if row is None else Weight.of(row[_NAME], Figures(*row[_FIGURES]))

    def weights(self) -> Iterator["Weight"]:
        """Return what each step counts for."""
        for step_id in (*self.packed, *self.steps):
            yield self.weight(step_id)

    def summary(self) -> Summary:
        """Return what the statistics need to know of these steps."""
        events = len(self.events)
        completed = failed = cancelled = attempts = retries = work = 0
        longest: str | None = None
        longest_time: int | None = None
        ordered = False
        for step_id, step_events, depends_on, (rank, tries, step_work, time, _) in self._figures():
            events += step_events
            completed += rank >= _COMPLETE
            failed += rank == _ERROR
            cancelled += rank == _CANCELLED
            attempts += tries
            retries += tries - 1 if tries else 0
            work += step_work
            ordered = ordered or depends_on is not None
            if _longer(step_id, time, longest, longest_time):
                longest, longest_time = step_id, time
        return Summary(
            events, len(self), completed, failed, cancelled, attempts, retries, work, longest, longest_time, ordered
        )

    def _figures(self) -> Iterator[tuple[str, int, Collection[str] | None, Sequence[Any]]]:
        for step_id, row in self.packed.items():
            yield step_id, len(row[_EVENTS]), row[_DEPENDS_ON], row[_FIGURES]
        for step_id, step in self.steps.items():
            yield step_id, len(step.events), step.depends_on, step.figures()


_EVENTS, _NAME, _DEPENDS_ON, _FIGURES, _TIME = 0, 1, 2, slice(4, None), 7  # places in a row


class Weight(NamedTuple):
    """What a step counts for outside of its task."""

    name: str
    contribution: Contribution | None
    retries: int

    @classmethod
    def of(cls, name: str | None, figures: Figures) -> Self:
        """Return what a step of this name and these figures counts for."""
        return cls(name or "", contribution_of_step(name, figures), max(0, figures.tries - 1))


_NO_WEIGHT = Weight("", None, 0)


class Frozen(NamedTuple):
    """What is left of the steps of a task that is over and past its grace."""

    summary: Summary
    path: Path | None
    #: What the steps count for, by name and minute.
    minutes: list[MinuteRow]


ReadBucket = Callable[[int], Bucket]


def _no_bucket(_index: int) -> Bucket:
    return Bucket()


class StepTable:
    """All steps of a task; buckets that were not touched stay where `read` finds them."""

    __slots__ = ("_before", "_read", "_stale", "_summaries", "buckets", "frozen", "spread", "touched")

    def __init__(self, summaries: Mapping[int, Summary] | None = None, read: ReadBucket = _no_bucket) -> None:
        #: The buckets at hand, by index; a small task's only one is 0.
        self.buckets: dict[int, Bucket] = {} if summaries else {0: Bucket()}
        #: Buckets that may have changed since the table was loaded.
        self.touched: set[int] = set()
        #: Whether this is a large task.
        self.spread = bool(summaries)
        #: Set when the task is over and past its grace: the steps take no more events.
        self.frozen: Frozen | None = None
        self._summaries = dict(summaries or {})
        self._stale: set[int] = set()
        self._read = read
        #: What the steps that events touched counted for when the table was loaded.
        self._before: dict[str, Weight] = {}

    def learn(self, event: Event, digest: int) -> bool:
        """Add what an event tells about its step, if it has one, and return whether the event is news.

        `digest` is the hash of its id.
        """
        step_id = event.get("step_id")
        if not self.spread:
            bucket = self.buckets[0]
        else:
            bucket = self._bucket(digest % FAN_OUT if step_id is None else bucket_of(step_id))
        if step_id is None:
            known = bucket.events
            news = digest not in known
            known.add(digest)
        else:
            if step_id not in self._before:
                self._before[step_id] = bucket.weight(step_id)
            step = bucket.steps.get(step_id) or bucket.step(step_id)
            news = digest not in step.events
            step.learn(event, digest)
        if not self.spread and (len(bucket) > SMALL_STEPS or len(bucket.events) > SMALL_EVENTS):
            self._spread(bucket)
        return news

    def changes(self) -> Iterator[tuple[Weight, Weight]]:
        """Yield what each step that was touched counted for when the table was loaded, and what it does now."""
        for step_id, before in self._before.items():
            yield before, self.buckets[bucket_of(step_id) if self.spread else 0].weight(step_id)

    def minutes(self) -> list[MinuteRow]:
        """Return what all steps count for together, by name and minute."""
        return minutes(self.contributions()) if self.frozen is None else self.frozen.minutes

    def summaries(self) -> dict[int, Summary]:
        """Return the summary of every bucket, by its index."""
        while self._stale:
            index = self._stale.pop()
            self._summaries[index] = self.buckets[index].summary()
        return self._summaries

    def total(self) -> Summary:
        """Return the summary of all steps."""
        if self.frozen is not None:
            return self.frozen.summary
        if not self.spread:
            return self.buckets[0].summary()
        return reduce(Summary.plus, self.summaries().values(), Summary())

    def path(self) -> Path | None:
        """Return the critical path, None if the steps have none."""
        return critical_path(self._nodes()) if self.frozen is None else self.frozen.path

    def freeze(self) -> None:
        """Keep only the results."""
        self.frozen = Frozen(self.total(), self.path(), self.minutes())

    def contributions(self) -> Iterator[Contribution]:
        """Yield what each step counts for, as long as the steps are known."""
        for index in {**self._summaries, **self.buckets} if self.spread else (0,):
            bucket = self.buckets.get(index)
            for weight in (self._read(index) if bucket is None else bucket).weights():
                if weight.contribution is not None:
                    yield weight.contribution

    def _nodes(self) -> Iterator[Node]:
        for index in self._summaries if self.spread else (0,):
            bucket = self.buckets.get(index)
            yield from (self._read(index) if bucket is None else bucket).nodes()

    def _bucket(self, index: int) -> Bucket:
        self.touched.add(index)
        self._stale.add(index)
        bucket = self.buckets.get(index)
        if bucket is None:
            # A part that the head does not know is left over from a run that a crash cut off: it is delivered again.
            bucket = self.buckets[index] = self._read(index) if index in self._summaries else Bucket()
        return bucket

    def _spread(self, small: Bucket) -> None:
        self.spread = True
        self.buckets, self.touched, self._stale = {}, set(), set()
        for step_id, row in small.rows().items():
            self._bucket(bucket_of(step_id)).packed[step_id] = row
        for digest in small.events:
            self._bucket(digest % FAN_OUT).events.add(digest)


def bucket_of(step_id: str) -> int:
    """Return the index of a step's bucket in a large task; the same in every process.

    >>> bucket_of("fetch_cart")
    62
    """
    return crc32(step_id.encode()) % FAN_OUT
