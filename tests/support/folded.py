"""Everything the statistics make of a history, as one line of JSON: python -m tests.support.folded."""

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.workload import workload
from tasker_consumers.stats import fold as fold_module
from tasker_consumers.stats.counting import Minutes, changes_of
from tasker_consumers.stats.derive import contribution, stats
from tasker_consumers.stats.fold import fold
from tasker_consumers.stats.record import to_bytes
from tasker_consumers.stats.state import TaskState
from tasker_consumers.stats.storage import dump, load
from tasker_schemas.codec import Decoder
from tasker_schemas.schemas import RECORD_OF_FAMILY

TASKS, RUN = 60, 500


def folded() -> Iterator[object]:
    """Yield where the fold came from, each task's statistics and state, and what all of them add up to."""
    yield Path(fold_module.__file__).suffix
    decoder, stored, minutes = Decoder(), dict[bytes, bytes | None](), Minutes()
    records = list(workload(TASKS))
    for start in range(0, len(records), RUN):
        states: dict[bytes, TaskState] = {}
        for record in records[start : start + RUN]:
            event = decoder.decode(RECORD_OF_FAMILY[record.family], record.value)
            state = states.get(record.key) or load(record.key, stored.get)
            states[record.key] = fold(state, event, record.headers)
        for key, state in states.items():
            minutes.add(changes_of(state, contribution(state)))
            stored.update(dump(key, state))
            yield to_bytes(stats(state)).hex()
    yield [[key.hex(), value and value.decode()] for key, value in stored.items()]
    yield sorted([*place, *total.window.row()] for place, total in minutes.windows())


if __name__ == "__main__":
    print(json.dumps(list(folded())))  # noqa: T201
