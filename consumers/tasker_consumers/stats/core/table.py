"""The steps of one task, in buckets, so that an event costs the same in a task of 5 steps and in one of 20,000.

A small task has one bucket. A large one is spread over `FAN_OUT` buckets by a hash of the step id: an event then reads
and writes one of them, and the task's totals are the sum of their summaries. A summary is always computed from its
whole bucket, never changed by a difference: so what a crash left half-written is right again after the next delivery.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from zlib import crc32

from tasker_consumers.stats.core.contribution import Contribution
from tasker_consumers.stats.core.critical_path import Node, Path, critical_path
from tasker_consumers.stats.core.steps import Event, Figures, Row, Step, contribution_of_step
from tasker_consumers.stats.core.summary import Summary
from tasker_consumers.stats.core.windows import MinuteRow, minutes

#: Number of buckets of a large task: 20,000 steps make buckets of about 80.
FAN_OUT = 256
#: A task with more steps than this is large; so is one with more events than `SMALL_EVENTS`.
SMALL_STEPS = 128
SMALL_EVENTS = 1024


@dataclass(frozen=True)
class Weight:
    """What a step counts for outside of its task."""

    name: str
    contribution: Contribution | None
    retries: int


def _weight_of(name: str | None, figures: Figures) -> Weight:
    """Return what a step of this name and these figures counts for."""
    return Weight(name or "", contribution_of_step(name, figures), max(0, figures.tries - 1))


_NO_WEIGHT = Weight("", None, 0)


@dataclass
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

    def nodes(self) -> list[Node]:
        """Return what the critical path needs to know of each step."""
        nodes = [Node(step_id, row[_TIME], row[_DEPENDS_ON]) for step_id, row in self.packed.items()]
        for step_id, step in self.steps.items():
            nodes.append(Node(step_id, step.figures().time, step.depends_on))
        return nodes

    def weight(self, step_id: str) -> Weight:
        """Return what a step counts for; nothing for one that was never heard of."""
        step = self.steps.get(step_id)
        if step is not None:
            return _weight_of(step.name, step.figures())
        row = self.packed.get(step_id)
        return _NO_WEIGHT if row is None else _weight_of(row[_NAME], Figures(*row[_FIGURES]))

    def weights(self) -> list[Weight]:
        """Return what each step counts for."""
        return [self.weight(step_id) for step_id in (*self.packed, *self.steps)]

    def summary(self) -> Summary:
        """Return what the statistics need to know of these steps."""
        found = Summary(len(self.events))
        for step_id, row in self.packed.items():
            found.add_step(step_id, len(row[_EVENTS]), row[_DEPENDS_ON], Figures(*row[_FIGURES]))
        for step_id, step in self.steps.items():
            found.add_step(step_id, len(step.events), step.depends_on, step.figures())
        return found


_EVENTS, _NAME, _DEPENDS_ON, _FIGURES, _TIME = 0, 1, 2, slice(4, None), 7  # places in a row


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

    def changes(self) -> list[tuple[Weight, Weight]]:
        """Return what each step that was touched counted for when the table was loaded, and what it does now."""
        changes = []
        for step_id, before in self._before.items():
            bucket = self.buckets[bucket_of(step_id) if self.spread else 0]
            changes.append((before, bucket.weight(step_id)))
        return changes

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
        found = Summary()
        for summary in self.summaries().values():
            found.merge(summary)
        return found

    def path(self) -> Path | None:
        """Return the critical path, None if the steps have none."""
        return critical_path(self._nodes()) if self.frozen is None else self.frozen.path

    def freeze(self) -> None:
        """Keep only the results."""
        self.frozen = Frozen(self.total(), self.path(), self.minutes())

    def contributions(self) -> Iterator[Contribution]:
        """Yield what each step counts for, as long as the steps are known."""
        for index in {**self._summaries, **self.buckets} if self.spread else (0,):
            for weight in self._look(index).weights():
                if weight.contribution is not None:
                    yield weight.contribution

    def _nodes(self) -> list[Node]:
        return [node for index in (self._summaries if self.spread else (0,)) for node in self._look(index).nodes()]

    def _look(self, index: int) -> Bucket:
        """Return a bucket that will not be changed."""
        bucket = self.buckets.get(index)
        return self._read(index) if bucket is None else bucket

    def _bucket(self, index: int) -> Bucket:
        """Return a bucket to be changed."""
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
