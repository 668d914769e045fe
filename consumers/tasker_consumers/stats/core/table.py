"""The steps of a task, in buckets, so that an event costs the same in a task of 5 steps and in a task of 20,000.

A small task has one bucket. A large task is spread over `FAN_OUT` buckets by a hash of the step id: an event then
reads and writes one bucket, and the task's totals are the sum of the buckets' summaries. A summary is always computed
from its whole bucket, never changed by a difference: so the next delivery corrects a bucket that a crash left
half-written.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

from tasker_consumers.stats.core.contribution import Contribution
from tasker_consumers.stats.core.critical_path import Node, Path, critical_path
from tasker_consumers.stats.core.steps import Event, Figures, Step, StepRow, contribution_of_step
from tasker_consumers.stats.core.summary import Summary
from tasker_consumers.stats.core.windows import MinuteRow, minute_rows

#: Number of buckets of a large task: 20,000 steps make buckets of about 80.
FAN_OUT = 256
#: A task with more steps than this is large, and so is a task with more events without a step than `SMALL_EVENTS`.
SMALL_STEPS = 128
SMALL_EVENTS = 1024


@dataclass(frozen=True)
class StepContribution:
    """The contribution of a step to windows and metrics."""

    name: str
    contribution: Contribution | None
    retries: int


def _step_contribution(name: str | None, figures: Figures) -> StepContribution:
    return StepContribution(name or "", contribution_of_step(name, figures), max(0, figures.tries - 1))


@dataclass
class Bucket:
    """Some steps of a task, and the hashed ids of events that belong to no step.

    A step stays packed, as it was stored, until an event touches it: most events touch one step of many.
    """

    events: set[int]
    packed: dict[str, StepRow]
    steps: dict[str, Step]

    def __len__(self) -> int:
        return len(self.packed) + len(self.steps)

    def step(self, step_id: str) -> Step:
        """Return a step to change; a new step when it has no event yet."""
        step = self.steps.get(step_id)
        if step is None:
            row = self.packed.pop(step_id, None)
            step = self.steps[step_id] = Step.unknown() if row is None else Step.of_row(row)
        return step

    def rows(self) -> dict[str, StepRow]:
        """Return all steps as they are stored."""
        return self.packed | {step_id: step.row() for step_id, step in self.steps.items()}

    def nodes(self) -> list[Node]:
        """Return the steps as nodes of the critical path."""
        nodes = [Node(step_id, row[_TIME], row[_DEPENDS_ON]) for step_id, row in self.packed.items()]
        for step_id, step in self.steps.items():
            nodes.append(Node(step_id, step.figures().time, step.depends_on))
        return nodes

    def step_contribution(self, step_id: str) -> StepContribution:
        """Return the contribution of a step; an empty contribution for a step without events."""
        step = self.steps.get(step_id)
        if step is not None:
            return _step_contribution(step.name, step.figures())
        row = self.packed.get(step_id)
        return _NO_CONTRIBUTION if row is None else _step_contribution(row[_NAME], Figures(*row[_FIGURES]))

    def step_contributions(self) -> list[StepContribution]:
        """Return the contribution of each step."""
        return [self.step_contribution(step_id) for step_id in (*self.packed, *self.steps)]

    def last_attempt(self, step_id: str) -> tuple[int, int] | None:
        """Return the number and the rank of a step's last attempt whose state is known; None without any."""
        step = self.steps.get(step_id)
        row = self.packed.get(step_id) if step is None else step.row()
        return None if row is None else max([(number, rank) for number, rank, *_ in row[_ATTEMPTS]], default=None)

    def summary(self) -> Summary:
        """Return the sums over these steps."""
        summary = Summary(len(self.events))
        for step_id, row in self.packed.items():
            summary.add_step(step_id, len(row[_EVENTS]), row[_DEPENDS_ON], Figures(*row[_FIGURES]))
        for step_id, step in self.steps.items():
            summary.add_step(step_id, len(step.events), step.depends_on, step.figures())
        return summary


_NO_CONTRIBUTION = StepContribution("", None, 0)
_NO_BUCKETS: set[int] = set()  # those that small tasks have touched: nobody adds to it
_EVENTS, _NAME, _DEPENDS_ON, _ATTEMPTS, _FIGURES, _TIME = 0, 1, 2, 3, slice(4, None), 7  # indexes in a StepRow


class Frozen(NamedTuple):
    """The results that remain of the steps of a settled task, long after its last event."""

    summary: Summary
    path: Path | None
    #: The contributions of the steps, summed by name and minute.
    minutes: list[MinuteRow]


ReadBucket = Callable[[int], Bucket]


def empty_bucket(_index: int = 0) -> Bucket:
    """Return a bucket without any step."""
    return Bucket(set(), {}, {})


class StepTable:
    """All steps of a task; buckets that no event touches stay in the store, where `read` finds them."""

    def __init__(self, summaries: Mapping[int, Summary] | None = None, read: ReadBucket = empty_bucket) -> None:
        #: The loaded buckets, by index; the only bucket of a small task is 0.
        self.buckets: dict[int, Bucket] = {} if summaries else {0: empty_bucket()}
        #: Buckets that may have changed since the table was loaded.
        self.touched: set[int] = set() if summaries else _NO_BUCKETS
        #: Whether this is a large task.
        self.spread = bool(summaries)
        #: Set long after the last event of a settled task: later events of steps are ignored.
        self.frozen: Frozen | None = None
        self._summaries = dict(summaries or {})
        self._stale: set[int] = set() if summaries else _NO_BUCKETS
        self._read = read
        #: The contributions, when the table was loaded, of the steps that events touched.
        self._loaded: dict[str, StepContribution] = {}

    def learn(self, event: Event, digest: int) -> bool:
        """Add the facts of an event to its step, if it has one, and return whether the event is new.

        `digest` is the hash of its id.
        """
        step_id = event.get("step_id")
        if not self.spread:
            bucket = self.buckets[0]
        else:
            bucket = self._bucket(digest % FAN_OUT if step_id is None else bucket_of(step_id))
        if step_id is None:
            events = bucket.events
            is_new = digest not in events
            events.add(digest)
        else:
            if step_id not in self._loaded:
                self._loaded[step_id] = bucket.step_contribution(step_id)
            step = bucket.steps.get(step_id) or bucket.step(step_id)
            is_new = digest not in step.events
            step.learn(event, digest)
        if not self.spread and (len(bucket) > SMALL_STEPS or len(bucket.events) > SMALL_EVENTS):
            self._spread(bucket)
        return is_new

    def changes(self) -> list[tuple[StepContribution, StepContribution]]:
        """Return the contributions of each touched step when the table was loaded, and now."""
        changes = []
        for step_id, loaded in self._loaded.items():
            bucket = self.buckets[bucket_of(step_id) if self.spread else 0]
            changes.append((loaded, bucket.step_contribution(step_id)))
        return changes

    def minutes(self) -> list[MinuteRow]:
        """Return the contributions of all steps, summed by name and minute."""
        return minute_rows(self.contributions()) if self.frozen is None else self.frozen.minutes

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
        total = Summary()
        for summary in self.summaries().values():
            total.merge(summary)
        return total

    def last_attempt(self, step_id: str) -> tuple[int, int] | None:
        """Return the number and the rank of a step's last attempt whose state is known; None without any."""
        index = bucket_of(step_id) if self.spread else 0
        is_known = index in self.buckets or index in self._summaries
        return self._look(index).last_attempt(step_id) if is_known else None

    def path(self) -> Path | None:
        """Return the critical path, None if the steps have none."""
        return critical_path(self._nodes()) if self.frozen is None else self.frozen.path

    def freeze(self) -> None:
        """Keep only the results."""
        self.frozen = Frozen(self.total(), self.path(), self.minutes())

    def contributions(self) -> Iterator[Contribution]:
        """Yield the contribution of each step that is over."""
        for index in {**self._summaries, **self.buckets} if self.spread else (0,):
            for step in self._look(index).step_contributions():
                if step.contribution is not None:
                    yield step.contribution

    def _nodes(self) -> list[Node]:
        return [node for index in (self._summaries if self.spread else (0,)) for node in self._look(index).nodes()]

    def _look(self, index: int) -> Bucket:
        """Return a bucket for reading only."""
        bucket = self.buckets.get(index)
        return self._read(index) if bucket is None else bucket

    def _bucket(self, index: int) -> Bucket:
        """Return a bucket to change."""
        self.touched.add(index)
        self._stale.add(index)
        bucket = self.buckets.get(index)
        if bucket is None:
            # A part that the head does not list comes from a batch that a crash cut off: the batch is delivered again.
            bucket = self.buckets[index] = self._read(index) if index in self._summaries else empty_bucket()
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
