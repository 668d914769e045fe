"""The state of one step, a lattice: the order and the number of deliveries do not matter.

Every field of an attempt is a minimum, a maximum or unknown. Times are microseconds since the epoch, durations
microseconds; integers, because sums of floats depend on their order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tasker_consumers.stats.core.contribution import FIRST_OUTCOME, Contribution
from tasker_consumers.stats.core.lattice import least
from tasker_schemas.catalogue import RANK, RANK_AFTER, events_with
from tasker_schemas.names import Family, State

Event = dict[str, Any]

StepRow = list[Any]
"""A step as it is stored: event ids, name, depends_on, attempts, then the fields of its `Figures`."""

BEGUN = RANK[State.IN_PROGRESS]

#: Longest duration that is counted, 31 years; a longer one is taken for a damaged clock and cut to this.
MAX_DURATION = 10**15

#: Sums of durations inside a task end here, at 146,000 years, so that damaged clocks do not exceed a row's 64 bits.
MAX_SUM = 2**62

#: The attempts of a step, those with the highest numbers, and the ids of its events that a state keeps. A step that
#: polls for days would else cost more with each attempt.
MOST_ATTEMPTS, MOST_EVENTS = 512, 2048
#: Attempts beyond this number count as an event each, as the ids of events may not all be kept.
COUNTED_BY_EVENTS = 256

_HANDLING = events_with(Family.STEP, state=State.IN_PROGRESS)
# These end the attempt itself; max_retries_reached and resolved_manually come after it and end only the step.
_OUTCOMES = events_with(Family.STEP, outcome=True)


@dataclass(frozen=True)
class Attempt:
    """The known facts of one attempt; None is unknown."""

    rank: int = 0
    started: int | None = None  # earliest `started_at` that an event reports
    handled: int | None = None  # earliest event that says the handler runs
    ended: int | None = None  # latest `completed_at` that an event reports
    closed: int | None = None  # earliest event that says the attempt is over
    reported_duration: int | None = None  # longest `execution_duration` that an event reports

    @property
    def start(self) -> int | None:
        """Return when the attempt began."""
        return self.handled if self.started is None else self.started

    @property
    def end(self) -> int | None:
        """Return when the attempt ended."""
        return self.closed if self.ended is None else self.ended

    @property
    def duration(self) -> int | None:
        """Return how long the attempt took: as an event reports, else from start to end, never negative."""
        if self.reported_duration is not None:
            return self.reported_duration
        start, end = self.start, self.end
        return None if start is None or end is None else min(max(0, end - start), MAX_DURATION)

    def join(self, second: "Attempt") -> "Attempt":
        """Return the join of two states of the same attempt.

        >>> Attempt(1, handled=5).join(Attempt(4, handled=7, ended=9))
        Attempt(rank=4, started=None, handled=5, ended=9, closed=None, reported_duration=None)
        """
        rank = max(self.rank, second.rank)  # written out, because nearly every event comes through here
        started, handled, ended, closed = self.started, self.handled, self.ended, self.closed
        duration = self.reported_duration
        if started is None or (second.started is not None and second.started < started):
            started = second.started
        if handled is None or (second.handled is not None and second.handled < handled):
            handled = second.handled
        if ended is None or (second.ended is not None and second.ended > ended):
            ended = second.ended
        if closed is None or (second.closed is not None and second.closed < closed):
            closed = second.closed
        if duration is None or (second.reported_duration is not None and second.reported_duration > duration):
            duration = second.reported_duration
        return Attempt(rank, started, handled, ended, closed, duration)

    def row(self, number: int) -> list[int | None]:
        """Return the attempt of this number as it is stored."""
        return [number, self.rank, self.started, self.handled, self.ended, self.closed, self.reported_duration]


@dataclass(frozen=True)
class Figures:
    """The numbers that the statistics need of one step; times in microseconds."""

    rank: int  # rank of the state of its last attempt, which is the state of the step
    tries: int  # highest attempt number that has begun: a history that starts with attempt 3 counts 3
    work: int  # sum of the durations of its attempts
    time: int | None  # duration of its only attempt; of several attempts: first start to last end, waits included
    ended: int | None  # when its last attempt ended

    def row(self) -> list[int | None]:
        """Return the figures as they are stored."""
        return [self.rank, self.tries, self.work, self.time, self.ended]


@dataclass
class Step:
    """The known facts of one step; `attempts` holds the last attempts whose state an event reports.

    The limits keep it a lattice: which attempts and ids are kept depends on all that came, not on their order.
    """

    events: set[int]  # hashes of the ids of its events
    name: str | None
    depends_on: frozenset[str] | None
    attempts: dict[int, Attempt]
    _figures: Figures | None = None  # result of `figures`, until the next event

    @classmethod
    def unknown(cls) -> Self:
        """Return a step of which nothing is known yet."""
        return cls(set(), None, None, {})

    def learn(self, event: Event, digest: int) -> None:
        """Add the facts of an event; `digest` is the hash of its id."""
        self._figures = None
        self.events.add(digest)
        while len(self.events) > MOST_EVENTS:
            self.events.remove(max(self.events))
        name = event.get("step_name")
        if name != self.name:
            self.name = least(self.name, name)
        depends_on, joined = event.get("depends_on"), self.depends_on
        if depends_on is not None and (joined is None or not joined.issuperset(depends_on)):
            self.depends_on = (joined or frozenset()).union(depends_on)
        rank = RANK_AFTER.get(event["event_name"])
        if rank is not None:  # an event name newer than this reader has no rank, and changes no state
            number = event.get("attempt_number") or 1
            attempt = attempt_of(event, rank)
            joined_attempt = self.attempts.get(number)
            self.attempts[number] = attempt if joined_attempt is None else joined_attempt.join(attempt)
            while len(self.attempts) > MOST_ATTEMPTS:
                del self.attempts[min(self.attempts)]

    def figures(self) -> Figures:
        """Return the numbers of this step, computed at most once for each event."""
        if self._figures is None:
            self._figures = figures_of(self.attempts)
        return self._figures

    def row(self) -> StepRow:
        """Return the step as it is stored."""
        return [
            list(self.events),
            self.name,
            None if self.depends_on is None else list(self.depends_on),
            [attempt.row(number) for number, attempt in self.attempts.items()],
            *self.figures().row(),
        ]

    @classmethod
    def of_row(cls, row: StepRow) -> Self:
        """Return the step that `row` stored."""
        events, name, depends_on, attempts, *_ = row
        return cls(
            set(events),
            name,
            None if depends_on is None else frozenset(depends_on),
            {number: Attempt(*attempt) for number, *attempt in attempts},
        )


def figures_of(attempts: Mapping[int, Attempt]) -> Figures:
    """Return the numbers of a step that has had these attempts."""
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
    return Figures(last.rank, max(begun, default=0), min(sum(durations), MAX_SUM), time, last.end)


def contribution_of_step(name: str | None, figures: Figures) -> Contribution | None:
    """Return the contribution of a step to a window; None until its last attempt is over."""
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
    """Return the attempt's state as one step event reports it."""
    name, timestamp = event["event_name"], event["timestamp"]
    if rank < BEGUN:
        return _WAITING
    if name in _HANDLING:
        return Attempt(rank, event.get("started_at"), timestamp)
    if name in _OUTCOMES:
        duration = micros(event.get("execution_duration"))
        return Attempt(rank, event.get("started_at"), None, event.get("completed_at"), timestamp, duration)
    return Attempt(rank, event.get("started_at"), closed=timestamp)


_WAITING = Attempt()


def micros(seconds: float | None) -> int | None:
    """Return seconds as whole microseconds; None for a number that cannot be a duration.

    >>> micros(0.2), micros(-1.0), micros(float("nan"))
    (200000, None, None)
    """
    if seconds is None or not 0 <= seconds <= MAX_DURATION / 1e6:
        return None
    return round(seconds * 1e6)
