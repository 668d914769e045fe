"""Everything telemetry makes of a history, as one line of JSON: python -m tests.support.telemetry.rebuilt."""

import json
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

from benchmarks.workload import workload
from tasker_consumers.telemetry.core import fold as fold_module
from tasker_consumers.telemetry.core.event import Event, read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.export.otlp.encoder import encode_span
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_schemas.topics import event_topic
from tests.support.telemetry.histories import Told, failed_order, large_order, order

TASKS, RUN = 40, 300


def histories() -> list[Told]:
    """Return tasks of each kind: many at once and a little in disorder, with notes, failed, and a large task."""
    many = [Told(event_topic(r.family), r.key, r.value, r.headers) for r in workload(TASKS)]
    return [*many, *order(), *failed_order("43"), *order(), *large_order(150)]


def rebuilt() -> Iterator[object]:
    """Yield where the fold came from, then for each run every span, its bytes, and every entry that is stored."""
    yield Path(fold_module.__file__).suffix
    events = [read_event(record) for record in histories()]
    table: dict[bytes, bytes | None] = {}
    for start in range(0, len(events), RUN):
        for key, state in _touched(table, events[start : start + RUN]).items():
            for span in ready_spans(state, Policy(), start):
                yield [*astuple(span), encode_span(span).hex()]
            table |= state.dump()
            yield key.hex()
    yield [[name.hex(), value and value.decode()] for name, value in sorted(table.items())]


def _touched(table: dict[bytes, bytes | None], events: list[Event]) -> dict[bytes, TaskState]:
    states: dict[bytes, TaskState] = {}
    for event in events:
        key = event.data["task_id"].encode()
        states[key] = fold(states.get(key) or TaskState.load(key, table.get), event)
    return states


if __name__ == "__main__":
    print(json.dumps(list(rebuilt())))  # noqa: T201
