"""The states of tasks between the engine and the fold: events in, entries of the table in and out."""

from collections.abc import Mapping
from typing import Any

from tasker_consumers.stats.clocks import StateClock
from tasker_consumers.stats.core.derive import contribution_of_state
from tasker_consumers.stats.core.fold import FAMILIES, FOLDED_FIELDS, Headers, fold
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.steps import Event
from tasker_consumers.stats.core.storage import Read, dump, load
from tasker_schemas.avro.codec import Decoder, SchemaLookup
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.event_check import check_record, fits, projection_on
from tasker_schemas.topics import event_topic

DecodedRecord = tuple[Event, Headers, int]
"""An event, the headers of its record, and the record's time in milliseconds."""


def open_decoder(lookup: SchemaLookup | None = None) -> Decoder:
    """Return a decoder of events that projects them on the fields that the fold reads."""
    projections = {RECORD_OF_FAMILY[family]: projection_on(FOLDED_FIELDS, family) for family in FAMILIES}
    return Decoder(lookup, projections=projections)


class TaskStates:
    """Reads, folds, loads and dumps for the engine."""

    def __init__(self, prefix: str, decoder: Decoder, clock: StateClock) -> None:
        self._records = {event_topic(family, prefix): (RECORD_OF_FAMILY[family], str(family)) for family in FAMILIES}
        self.sources = tuple(self._records)
        self._decoder = decoder
        self._clock = clock

    def decode(self, record: Any) -> DecodedRecord:
        """Return the event, or the fields of it that the fold reads, and the headers.

        Raises PoisonRecord for a record that no reader can ever use.
        """
        name, family = self._records[record.topic]
        key, value = record.key, record.value
        event = self._decoder.project(name, value)
        if event is None or not fits(event, key, family):
            event = self._decoder.decode(name, value)
            check_record(event, key, family)
        return event, record.headers, record.timestamp

    def fold(self, state: TaskState | None, record: DecodedRecord) -> TaskState:
        """Return the state after another event, with the time of its delivery."""
        event, headers, timestamp_ms = record
        state = fold(state, event, headers)
        heard_at = self._clock.heard_at(timestamp_ms)
        state.last_heard_at = max(state.last_heard_at, heard_at)
        state.first_heard_at = min(state.first_heard_at or heard_at, heard_at)
        return state

    def load(self, key: bytes, read: Read) -> TaskState | None:
        """Return the stored state of a task, with its contribution."""
        state = load(key, read)
        if state is not None:
            state.stored_contribution = contribution_of_state(state)
            state.stored_open = state.stored_contribution is None
        return state

    def dump(self, key: bytes, state: TaskState) -> Mapping[bytes, bytes | None]:
        """Return the entries to write for a task."""
        return dump(key, state)
