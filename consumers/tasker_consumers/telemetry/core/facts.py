"""The facts that an event states about a span: the values that the fold keeps."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

import orjson

from tasker_consumers.telemetry.core.event import Carried, Event
from tasker_schemas.catalogue import RANK_AFTER, order_of

NO_STATE = -1  # the rank of an event that tells no state


class StatusEvent(NamedTuple):
    """The event that a task's status follows from; of several, the greatest holds.

    The latest event decides, because a failed task can be retried; of two at once, the event that goes further.
    """

    timestamp: int
    rank: int
    event_id: str


class AttemptKey(NamedTuple):
    """The identity of an attempt of a step; attempts count from 1."""

    step_id: str
    number: int


attempt_key = lru_cache(maxsize=4096)(AttemptKey)
"""Returns an `AttemptKey`; the events of an attempt, and the same steps of other tasks, share it."""


@dataclass
class Fact:
    """An event of a task, without the ids that lead to the fact in the state."""

    event_id: str
    name: str
    timestamp: int  # microseconds since the epoch
    rank: int  # how far the event takes its task or attempt; NO_STATE for an annotation
    order: int  # its natural order among events of the same time
    fields: dict[str, Any]  # as decoded
    carried: Carried | None
    size: int  # bytes of an annotation as it is stored; 0 for an event that tells a state

    @property
    def status(self) -> StatusEvent:
        """The status that the task has, as far as this event tells."""
        return StatusEvent(self.timestamp, self.rank, self.event_id)

    @property
    def ended_at(self) -> int:
        """When the work ended that this event is the end of."""
        ended_at: int = self.fields.get("completed_at", self.timestamp)
        return ended_at


Facts = dict[str, Fact]  # by event id


@dataclass
class Arrival:
    """A fact that is new to a task; `key` is None when no attempt is named."""

    key: AttemptKey | None
    fact: Fact


class LateError(NamedTuple):
    """An error that came after its span was exported; `key` is None for an error of the task itself."""

    key: AttemptKey | None
    fact: Fact


def fact_of(event: Event) -> Fact:
    """Return the fact that an event tells."""
    fields = event.data.copy()
    event_id = fields.pop("event_id")
    fields.pop("task_id", None)
    return make_fact(event_id, fields, event.carried)


def make_fact(event_id: str, fields: dict[str, Any], carried: Carried | None) -> Fact:
    """Return the fact with these fields."""
    name: str = fields["event_name"]
    rank = RANK_AFTER.get(name, NO_STATE)
    size = len(orjson.dumps(fields)) if rank == NO_STATE else 0
    return Fact(event_id, name, fields["timestamp"], rank, order_of(name), fields, carried, size)


def canonical(fact: Fact) -> bytes:
    """Return a fact as bytes by which two that claim the same event id are compared."""
    return orjson.dumps([fact.fields, fact.carried and [*fact.carried]], option=orjson.OPT_SORT_KEYS)


def digest(event_id: str) -> int:
    """Return a short digest of an event id: enough to tell a second delivery from a late event of the same span."""
    return crc32(event_id.encode())
