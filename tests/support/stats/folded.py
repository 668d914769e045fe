"""Everything the statistics make of a history, as one line of JSON: python -m tests.support.stats.folded."""

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.workload import workload
from tasker_consumers.stats.core import fold as fold_module
from tasker_consumers.stats.core.counting import WindowDeltas, changes_of
from tasker_consumers.stats.core.derive import contribution_of_state, derive_stats
from tasker_consumers.stats.core.storage import dump
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, TASK_STATS
from tests.support.stats.crashes import touched_by, write

TASKS, RUN = 60, 500


def folded() -> Iterator[object]:
    """Yield where the fold came from, each task's statistics and state, and what all of them add up to."""
    yield Path(fold_module.__file__).suffix
    decoder, table, minutes = Decoder(), dict[bytes, bytes](), WindowDeltas()
    told = [
        (decoder.decode(RECORD_OF_FAMILY[record.family], record.value), record.headers) for record in workload(TASKS)
    ]
    for start in range(0, len(told), RUN):
        for task_id, state in touched_by(table, told[start : start + RUN]).items():
            minutes.add(changes_of(state, contribution_of_state(state)))
            write(table, dump(task_id.encode(), state).items())
            yield encode(TASK_STATS, derive_stats(state)).hex()
    yield [[key.hex(), value.decode()] for key, value in table.items()]
    yield sorted([*place, *total.window.row()] for place, total in minutes.windows())


if __name__ == "__main__":
    print(json.dumps(list(folded())))  # noqa: T201
