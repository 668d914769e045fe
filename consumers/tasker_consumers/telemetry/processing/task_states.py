"""The states of tasks between the engine and the fold: events in, entries of the table in and out."""

from collections.abc import Callable, Mapping
from typing import Any

from tasker_consumers.engine.processor import Read
from tasker_consumers.telemetry.core.event import Event, read_event
from tasker_consumers.telemetry.core.facts import Arrival, fact_of
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import TaskState

Decode = Callable[[str, bytes | None], dict[str, Any]]
"""Returns the fields of an Avro record of that name; see `Decoder.decode`."""


class TaskStates:
    """Reads, folds, loads and dumps for the engine; of an event outside of any task nothing is stored."""

    def __init__(self, decode: Decode, count_outside: Callable[[], None]) -> None:
        self._decode = decode
        self._count_outside = count_outside

    def decode(self, record: Any) -> Event:
        """Return the record's event; raises PoisonRecord for a record that can never be read."""
        return read_event(record, self._decode)

    def fold(self, state: TaskState | None, event: Event) -> TaskState:
        """Return the state after another event."""
        if "task_id" not in event.data:
            self._count_outside()
            state = state or TaskState.outside()
            state.arrivals.append(Arrival(None, fact_of(event)))
            return state
        return fold(None if state is not None and state.is_outside else state, event)

    def load(self, key: bytes, read: Read) -> TaskState | None:
        """Return the stored state of a task."""
        return TaskState.load(key, read)

    def dump(self, key: bytes, state: TaskState) -> Mapping[bytes, bytes | None]:  # noqa: ARG002  a state knows its key
        """Return the entries to write for a task."""
        return {} if state.is_outside else state.dump()
