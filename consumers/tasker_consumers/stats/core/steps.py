"""What is known of one step: a lattice, so that events may come in any order and any number of times.

Every field of an attempt is a minimum, a maximum or unknown. Times are microseconds since the epoch, durations
microseconds; integers, because sums of floats depend on their order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tasker_consumers.stats.core.contribution import FIRST_OUTCOME, Contribution
from tasker_consumers.stats.core.lattice import least
from tasker_schemas.catalogue import RANK, RANK_AFTER
from tasker_schemas.names import State, StepEvents

Event = dict[str, Any]

Row = list[Any]
"""A step as it is stored: event ids, name, depends_on, attempts, and then its `Figures`, one by one."""

BEGUN = RANK[State.IN_PROGRESS]

#: Longest duration that is believed, 31 years: damaged clocks must not overflow a sum.
MAX_DURATION = 10**15

_HANDLING = frozenset({str(StepEvents.BEFORE_HANDLE), str(StepEvents.HANDLE)})
# These end the attempt itself; max_retries_reached and resolved_manually come after it and end only the step.
_OUTCOMES = frozenset({str(StepEvents.COMPLETED), str(StepEvents.FAILED), str(StepEvents.CANCELLED)})


@dataclass(frozen=True)
class Attempt:
    """What is known of one attempt; None is unknown."""

    rank: int = 0
    started: int | None = None  # earliest `started_at` that was told
    handled: int | None = None  # earliest event that says the handler runs
    ended: int | None = None  # latest `completed_at` that was told
    closed: int | None = None  # earliest event that says the attempt is over
    told: int | None = None  # longest `execution_duration` that was told

    @property
    def start(self) -> int | None:
        """When it began."""
        return self.handled if self.started is None else self.started

    @property
    def end(self) -> int | None:
        """When it ended."""
        return self.closed if self.ended is None else self.ended

    @property
    def duration(self) -> int | None:
        """How long it took, never negative: as it was told, else from start to end."""
        if self.told is not None:
            return self.told
        start, end = self.start, self.end
        return None if start is None or end is None else min(max(0, end - start), MAX_DURATION)

    def join(self, other: "Attempt") -> "Attempt":
        """Return what both know together.

        >>> Attempt(1, handled=5).join(Attempt(4, handled=7, ended=9))
        Attempt(rank=4, started=None, handled=5, ended=9, closed=None, told=None)
        """
        rank = max(self.rank, other.rank)  # written out: this is done for nearly every event
        started, handled, ended, closed, told = self.started, self.handled, self.ended, self.closed, self.told
        if started is None or (other.started is not None and other.started < started):
            started = other.started
        if handled is None or (other.handled is not None and other.handled < handled):
            handled = other.handled
        if ended is None or (other.ended is not None and other.ended > ended):
            ended = other.ended
        if closed is None or (other.closed is not None and other.closed < closed):
            closed = other.closed
        if told is None or (other.told is not None and other.told > told):
            told = other.told
        return Attempt(rank, started, handled, ended, closed, told)

    def row(self, number: int) -> list[int | None]:
        """Return the attempt of this number as it is stored."""
        return [number, self.rank, self.started, self.handled, self.ended, self.closed, self.told]


@dataclass(frozen=True)
class Figures:
    """A step in numbers; times in microseconds."""

    rank: int  # of its state, which is that of its last attempt
    tries: int  # the highest attempt number that has begun: a history that starts with attempt 3 has had 3
    work: int  # the durations of its attempts, added up
    time: int | None  # its attempt's duration; of several, first start to last end, the waits between included
    ended: int | None  # when its last attempt ended

    def row(self) -> list[int | None]:
        """Return the figures as they are stored."""
        return [self.rank, self.tries, self.work, self.time, self.ended]


@dataclass
class Step:
    """What is known of one step; an attempt number is missing as long as no event told its state."""

    events: set[int] = field(default_factory=set)  # hashes of the ids of the events seen
    name: str | None = None
    depends_on: frozenset[str] | None = None
    attempts: dict[int, Attempt] = field(default_factory=dict)
    _known: Figures | None = None  # what `figures` found, until more is learnt

    def learn(self, event: Event, digest: int) -> None:
        """Add what an event tells; `digest` is the hash of its id."""
        self._known = None
        self.events.add(digest)
        name = event.get("step_name")
        if name != self.name:
            self.name = least(self.name, name)
        depends_on, known_on = event.get("depends_on"), self.depends_on
        if depends_on is not None and (known_on is None or not known_on.issuperset(depends_on)):
            self.depends_on = (known_on or frozenset()).union(depends_on)
        rank = RANK_AFTER.get(event["event_name"])
        if rank is not None:  # else a name newer than this reader: it says nothing of the attempt's state
            number = event.get("attempt_number") or 1
            attempt = attempt_of(event, rank)
            known = self.attempts.get(number)
            self.attempts[number] = attempt if known is None else known.join(attempt)

    def figures(self) -> Figures:
        """Return what the statistics need to know of this step."""
        if self._known is None:
            self._known = _figures(self.attempts)
        return self._known

    def row(self) -> Row:
        """Return the step as it is stored, its figures among it."""
        return [
            list(self.events),
            self.name,
            None if self.depends_on is None else list(self.depends_on),
            [attempt.row(number) for number, attempt in self.attempts.items()],
            *self.figures().row(),
        ]

    @classmethod
    def of_row(cls, row: Row) -> Self:
        """Return the step that `row` wrote."""
        events, name, depends_on, attempts, *_ = row
        return cls(
            set(events),
            name,
            None if depends_on is None else frozenset(depends_on),
            {number: Attempt(*attempt) for number, *attempt in attempts},
        )


def _figures(attempts: Mapping[int, Attempt]) -> Figures:
    if len(attempts) == 1:  # nearly always
        ((number, attempt),) = attempts.items()
        rank, duration = attempt.rank, attempt.duration
        return Figures(rank, number if rank >= BEGUN else 0, duration or 0, duration, attempt.end)
    if not attempts:
        return Figures(0, 0, 0, None, None)
    last = attempts[max(attempts)]
    begun = [number for number, attempt in attempts.items() if attempt.rank >= BEGUN]
    durations = [duration for attempt in attempts.values() if (duration := attempt.duration) is not None]
    time = _wall_time(attempts, durations)
    return Figures(last.rank, max(begun, default=0), sum(durations), time, last.end)


def contribution_of_step(name: str | None, figures: Figures) -> Contribution | None:
    """Return what a step adds to a window; None as long as its last attempt is not over."""
    if figures.rank < FIRST_OUTCOME or figures.ended is None:
        return None
    return Contribution(name or "", figures.ended, figures.rank, max(0, figures.tries - 1), figures.time)


def _wall_time(attempts: Mapping[int, Attempt], durations: list[int]) -> int | None:
    """Return the time from first start to last end; at least that of the longest attempt, whatever the clocks say."""
    starts = [start for attempt in attempts.values() if (start := attempt.start) is not None]
    ends = [end for attempt in attempts.values() if (end := attempt.end) is not None]
    wall = [min(max(0, max(ends) - min(starts)), MAX_DURATION)] if starts and ends else []
    return max(durations + wall, default=None)


def attempt_of(event: Event, rank: int) -> Attempt:
    """Return what one step event tells about its attempt."""
    name, timestamp = event["event_name"], event["timestamp"]
    if rank < BEGUN:
        return _WAITING
    if name in _HANDLING:
        return Attempt(rank, event.get("started_at"), timestamp)
    if name in _OUTCOMES:
        told = micros(event.get("execution_duration"))
        return Attempt(rank, event.get("started_at"), None, event.get("completed_at"), timestamp, told)
    return Attempt(rank, event.get("started_at"), closed=timestamp)


_WAITING = Attempt()


def micros(seconds: float | None) -> int | None:
    """Return seconds as whole microseconds; None for what cannot be a duration.

    >>> micros(0.2), micros(-1.0), micros(float("nan"))
    (200000, None, None)
    """
    if seconds is None or not 0 <= seconds <= MAX_DURATION / 1e6:
        return None
    return round(seconds * 1e6)
