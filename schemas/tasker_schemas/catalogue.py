"""The catalogue: every event that the system knows by name, as one table.

The producer checks payloads against it, the folds ask it what an event means for a state, and the tools list it.
Fields common to every event are in `COMMON_FIELDS`; the rest follows from the newest schema of the event's record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tasker_schemas.avro.versions import RECORD_OF_FAMILY, latest
from tasker_schemas.names import (
    RESERVED_NAMES,
    Family,
    State,
    StepEvents,
    TaskEvents,
    event_type_of,
    family_of,
)


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One event: its name, its family, its short form, and the state that its subject is in afterwards."""

    name: str
    family: Family
    event_type: str
    state: State | None

    @property
    def record(self) -> str:
        """The Avro record that carries it."""
        return RECORD_OF_FAMILY[self.family]


STATE_AFTER: Mapping[str, State] = {
    TaskEvents.INITIALIZE_REQUESTED: State.PENDING,
    TaskEvents.START_REQUESTED: State.IN_PROGRESS,
    TaskEvents.COMPLETED: State.COMPLETE,
    TaskEvents.FAILED: State.ERROR,
    TaskEvents.RETRY_REQUESTED: State.PENDING,
    TaskEvents.CANCELLED: State.CANCELLED,
    TaskEvents.RESOLVED_MANUALLY: State.RESOLVED_MANUALLY,
    StepEvents.INITIALIZE_REQUESTED: State.PENDING,
    StepEvents.EXECUTION_REQUESTED: State.PENDING,
    StepEvents.BEFORE_HANDLE: State.IN_PROGRESS,
    StepEvents.HANDLE: State.IN_PROGRESS,
    StepEvents.COMPLETED: State.COMPLETE,
    StepEvents.FAILED: State.ERROR,
    StepEvents.RETRY_REQUESTED: State.PENDING,
    StepEvents.MAX_RETRIES_REACHED: State.ERROR,
    StepEvents.CANCELLED: State.CANCELLED,
    StepEvents.RESOLVED_MANUALLY: State.RESOLVED_MANUALLY,
}

#: The order of the states of a step or task: of two that are known, the higher holds.
RANK: Mapping[State, int] = {
    State.PENDING: 0,
    State.IN_PROGRESS: 1,
    State.ERROR: 2,
    State.CANCELLED: 3,
    State.COMPLETE: 4,
    State.RESOLVED_MANUALLY: 5,
}
#: How far an event takes its task or attempt.
RANK_AFTER: Mapping[str, int] = {str(name): RANK[state] for name, state in STATE_AFTER.items()}

CATALOGUE: Mapping[str, EventSpec] = {
    name: EventSpec(name, family_of(name), event_type_of(name), STATE_AFTER.get(name))
    for name in sorted(RESERVED_NAMES)
}


@cache
def fields_of(family: Family) -> frozenset[str]:
    """Return the names of all fields that an event of this family can carry.

    >>> "step_id" in fields_of(Family.STEP), "step_id" in fields_of(Family.TASK)
    (True, False)
    """
    return frozenset(field["name"] for field in latest(RECORD_OF_FAMILY[family]).declared["fields"])


COMMON_FIELDS: frozenset[str] = fields_of(Family.CUSTOM)
