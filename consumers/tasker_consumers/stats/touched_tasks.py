"""The records and the changes that follow from the states of a batch's tasks."""

import asyncio
from collections.abc import Mapping

from tasker_consumers.stats.core.contribution import contribution_of_stats
from tasker_consumers.stats.core.counting import Change, WindowDeltas, changes_of
from tasker_consumers.stats.core.derive import derive_stats, is_terminal
from tasker_consumers.stats.core.state import TaskState
from tasker_schemas.avro.codec import encode
from tasker_schemas.avro.versions import TASK_STATS

# Number of states between which other coroutines, above all heartbeats, have their turn.
_TURN = 100


async def records_and_changes(
    touched: Mapping[bytes, TaskState],
) -> tuple[dict[bytes, bytes | None], list[Change]]:
    """Return the statistics of the touched tasks by key, and what changes in the windows.

    A task that is forgotten gets a tombstone on the topic.
    """
    records: dict[bytes, bytes | None] = {}
    changes: list[Change] = []
    for count, (key, state) in enumerate(touched.items(), 1):
        if state.forgotten:
            records[key] = None
        else:
            stats = derive_stats(state)
            records[key] = encode(TASK_STATS, stats)
            changes += changes_of(state, contribution_of_stats(stats))
        if not count % _TURN or state.steps.spread:
            await asyncio.sleep(0)
    return records, changes


def deltas_of_forgotten(touched: Mapping[bytes, TaskState]) -> WindowDeltas:
    """Return what takes the forgotten tasks out of the windows.

    Their windows are closed by then and stay as they are, unless a task claims to end in the future.
    """
    deltas = WindowDeltas()
    for state in touched.values():
        if state.forgotten:
            deltas.add_task(state, -1)
    return deltas


def is_open(state: TaskState) -> bool:
    """Return whether a task is neither over nor forgotten."""
    return not (state.forgotten or is_terminal(state))
