"""The signs of a task and its steps, a lattice; which waits hold by them, and until when they excuse a silence.

Both folds keep the latest sign of each step that gives any, and of the task itself. A wait of a step holds while it is
the step's latest sign and its attempt is the last and has not ended; a wait of the task while no event is later. So a
wait ends by what happened after it, in whatever order the events arrive.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, NamedTuple

from tasker_schemas.catalogue import RANK
from tasker_schemas.names import ObservabilityEvents, State
from tasker_schemas.waiting import WAITING, Sign, sign_of

Signs = dict[str, Sign]
"""The latest sign of each step by its id; the task's own is that of the empty id."""

LastAttempt = tuple[int, int]
"""The number of the last known attempt of a step, and how far it came, as a rank."""

_Step = ObservabilityEvents.Step
_SIGNS = (_Step.WAITING, _Step.PROGRESS, _Step.HEARTBEAT, _Step.PROCESSING, _Step.HANDLE)
#: The events that are signs.
SIGN_EVENTS = frozenset(map(str, (ObservabilityEvents.Task.WAITING, *_SIGNS)))
#: Statuses that tasks are listed by; `waiting` is none of a record.
STATUSES = (*map(str, State), WAITING)
#: The signs that are kept of a task, the latest: those of more steps at a time would make its state large.
MOST_SIGNS = 64

_OVER = RANK[State.ERROR]
_GOES_ON = (State.PENDING, State.IN_PROGRESS)
_SECOND = 1_000_000


class Wait(NamedTuple):
    """A wait that holds; of several the least is shown, which has lasted longest."""

    sign: Sign
    #: Empty for a wait of the task itself.
    step_id: str


def learn_sign(signs: Signs, event: Mapping[str, Any]) -> None:
    """Add the sign that one of the `SIGN_EVENTS` gives; an event that names no step speaks for its task."""
    step_id: str = event.get("step_id") or ""
    sign = sign_of(event)
    present = signs.get(step_id)
    if present is None or present < sign:
        signs[step_id] = sign
    if len(signs) > MOST_SIGNS:
        del signs[min(signs, key=lambda key: (signs[key], key))]


def waits_that_hold(
    signs: Signs, last_event_at: int, last_attempt_of: Callable[[str], LastAttempt | None]
) -> list[Wait]:
    """Return the waits of a task that is not over; `last_event_at` is the time of its latest event."""
    waits = []
    for step_id, sign in signs.items():
        if sign.reason and not (
            _is_over(sign, last_attempt_of(step_id)) if step_id else sign.timestamp < last_event_at
        ):
            waits.append(Wait(sign, step_id))
    return waits


def silence_ends_at(latest: int, waits: Iterable[Wait], usual_limit_s: float) -> int:
    """Return when a task that says nothing more counts as abandoned; `latest` is when its latest event came.

    Where waits hold, their limits do, and a silence begins at the moment until which they last: the most patient
    counts.

    >>> silence_ends_at(5_000_000, [], 60.0)
    65000000
    >>> silence_ends_at(5_000_000, [Wait(Sign(0, "timer", until=9_000_000), "")], 60.0)
    69000000
    """
    ends = [max(latest, wait.sign.until) + round((wait.sign.limit_s or usual_limit_s) * _SECOND) for wait in waits]
    return max(ends, default=latest + round(usual_limit_s * _SECOND))


def shown_status(stats: Mapping[str, Any]) -> str:
    """Return the status of a task that people are shown: `waiting` for a task that goes on, and waits.

    >>> shown_status({"status": "in_progress", "waiting_for": "approval"}), shown_status({"status": "abandoned"})
    ('waiting', 'abandoned')
    """
    status: str = stats["status"]
    return WAITING if status in _GOES_ON and stats.get("waiting_for") else status


def has_status(stats: Mapping[str, Any], statuses: Container[str]) -> bool:
    """Return whether a task has any of these statuses, be it the status of its record or that which people are shown.

    >>> [has_status({"status": "pending", "waiting_for": "timer"}, {name}) for name in ("pending", "waiting", "error")]
    [True, True, False]
    """
    return stats["status"] in statuses or shown_status(stats) in statuses


def _is_over(sign: Sign, last: LastAttempt | None) -> bool:
    """Return whether the attempt that a sign is of has ended, or another came after it."""
    if last is None:
        return False
    number, rank = last
    return number > sign.attempt > 0 or (number >= sign.attempt and rank >= _OVER)
